"""Rules of size and name; each takes one source and gives what breaks the rule."""

import ast
import re

from tests.tidy import tables
from tests.tidy.tree import Source

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_PICTOGRAPH = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")
_PROMISE = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")


def long_files(source: Source) -> list[str]:
    """A file fits on a few screens; a test file may be longer."""
    limit = tables.TEST_FILE_LINES if source.path.startswith("tests/") else tables.FILE_LINES
    count = len(source.text.splitlines())
    return [f"{source.path}: {count} lines, at most {limit}"] if count > limit else []


def long_functions(source: Source) -> list[str]:
    """A function fits on one screen, its docstring included."""
    return [
        f"{source.path}:{node.lineno}: {node.name} has {count} lines, "
        f"at most {tables.FUNCTION_LINES}"
        for node in source.nodes
        if isinstance(node, FUNCTIONS)
        and (count := (node.end_lineno or 0) - node.lineno + 1) > tables.FUNCTION_LINES
    ]


def wide_classes(source: Source) -> list[str]:
    """A class is a thing with few ways to be asked; groups of test cases are no such class."""
    findings = []
    for node in source.nodes:
        if not isinstance(node, ast.ClassDef) or source.path.startswith("tests/"):
            continue
        public = {
            item.name
            for item in node.body
            if isinstance(item, FUNCTIONS) and not item.name.startswith("_")
        }
        if len(public) > tables.PUBLIC_METHODS:
            findings.append(
                f"{source.path}:{node.lineno}: {node.name} has {len(public)} public methods, "
                f"at most {tables.PUBLIC_METHODS}"
            )
    return findings


def positional_parameters(source: Source) -> list[str]:
    """In what others call, an argument after the second is named; a test has no caller."""
    if source.path.startswith("tests/"):
        return []
    findings = []
    for node in source.nodes:
        if not isinstance(node, FUNCTIONS) or node.name.startswith("_"):
            continue
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
        counted = names[1:] if names[:1] in (["self"], ["cls"]) else names
        if len(counted) > tables.POSITIONAL_PARAMETERS:
            findings.append(
                f"{source.path}:{node.lineno}: {node.name} takes {counted[2]} by position; "
                "put a * before it"
            )
    return findings


def suffix_soup(source: Source) -> list[str]:
    """A class is named for the thing that it is, and so is a file."""
    stem = source.path.rsplit("/", 1)[-1].removesuffix(".py")
    findings = [f"{source.path}: say what is in it"] if stem in tables.BANNED_FILES else []
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            name = node.name.lstrip("_")
            if name.endswith(tables.BANNED_SUFFIXES) or name.startswith(tables.BANNED_PREFIXES):
                findings.append(
                    f"{source.path}:{node.lineno}: {name}: name the thing that it is"
                )
    return findings


def banned_words(source: Source) -> list[str]:
    """What we name, we name with the field's word; a wire file repeats the venue's."""
    if "/wire" in source.path:
        return []
    findings = set()
    for node in source.nodes:
        name = _bound(node)
        for word in name.lower().split("_"):
            if word in tables.BANNED_WORDS:
                line = getattr(node, "lineno", 0)
                findings.add(f"{source.path}:{line}: {name}: write {tables.BANNED_WORDS[word]}")
    return sorted(findings)


def _bound(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return name
        case ast.arg(arg=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
    return ""


def undocumented_modules(source: Source) -> list[str]:
    """A module's first line says what it is for."""
    return [] if ast.get_docstring(source.tree) else [f"{source.path}: no module docstring"]


def promises(source: Source) -> list[str]:
    """What is not done is an issue, not a comment."""
    return [
        f"{source.path}:{number}: {line.strip()}"
        for number, line in enumerate(source.text.splitlines(), 1)
        if _PROMISE.search(line)
    ]


def pictographs(source: Source) -> list[str]:
    """Words, not pictures."""
    return [
        f"{source.path}:{number}: {line.strip()}"
        for number, line in enumerate(source.text.splitlines(), 1)
        if _PICTOGRAPH.search(line)
    ]
