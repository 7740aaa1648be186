"""Rules of documents: commands that run, links that lead somewhere, no machine and no host."""

import ast
import re
from pathlib import Path

from tests.tidy.tree import Source

# Written in pieces, so that this file holds none of what it looks for.
_HOSTS = (
    ("pypi", "org"),
    ("files", "pythonhosted", "org"),
    ("registry", "npmjs", "org"),
    ("registry", "yarnpkg", "com"),
    ("deb", "debian", "org"),
    ("conda", "anaconda", "org"),
)
_FOLDERS = ("root", "work", "home", "Users", "tmp", "farm")
_HOST = re.compile("|".join(re.escape(".".join(parts)) for parts in _HOSTS))
_PATH = re.compile(rf"(?<![\w.\-/}}])/(?:{'|'.join(_FOLDERS)})/[\w.\-]")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SHELLS = ("sh", "shell", "bash", "console")
_PROGRAMS = (".venv/bin/", "holdfast ", "make ")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_EXIT_CODE = re.compile(r"\bexit (\d+)\b")
_WORD = re.compile(r"WebSocket|[A-Z][a-z0-9]+|[A-Z]+(?![a-z])")


def machine_traces(path: str, text: str) -> list[str]:
    """No file names a path of somebody's machine or a host that packages come from."""
    return [
        f"{path}:{number}: {line.strip()[:90]}"
        for number, line in enumerate(text.splitlines(), 1)
        if _HOST.search(line) or _PATH.search(line)
    ]


def commands(text: str) -> list[str]:
    """Give every command of a document: its shell blocks, and our programs in plain blocks."""
    return [
        command
        for language, command in _lines(text)
        if language in _SHELLS or (not language and command.startswith(_PROGRAMS))
    ]


def shell_commands(text: str) -> list[str]:
    """Give the commands of a document's shell blocks, which can be run as they stand."""
    return [command for language, command in _lines(text) if language in _SHELLS]


def _lines(text: str) -> list[tuple[str, str]]:
    """Give the lines of fenced blocks with the block's language, continued lines joined."""
    found = []
    for language, block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = " ".join(line.removeprefix("$ ").split(" #")[0].split())
            if command and not command.startswith("#"):
                found.append((language, command))
    return found


def dead_links(path: Path) -> list[str]:
    """A relative link leads to a file."""
    return [
        f"{path.name}: {target}"
        for target in _LINK.findall(path.read_text())
        if not (path.parent / target).exists()
    ]


def exit_codes(text: str) -> set[int]:
    """Give the exit codes that the tree of errors documents."""
    return {int(code) for code in _EXIT_CODE.findall(text)}


def help_codes(text: str) -> set[int]:
    """Give the exit codes that the command line's help names."""
    listing = text.partition("exit codes:")[2].partition('"""')[0]
    return {int(code) for code in re.findall(r"(?:^|\s)(\d+) [a-z]", listing)}


def listed_codes(text: str) -> set[int]:
    """Give the exit codes that a guide lists under their heading."""
    section = text.partition("## Exit codes")[2].partition("\n## ")[0]
    return {int(code) for code in re.findall(r"(?:^|, ?|\n)(\d+) [a-z]", section)}


def words(name: str) -> list[str]:
    """Split a class name into its words."""
    return [word.lower() for word in _WORD.findall(name)]


def terms(glossary: str) -> set[str]:
    """Give the words of the glossary's terms: bold, or before a colon within an entry."""
    found: set[str] = set()
    for bold, rest in re.findall(r"^- \*\*(.+?)\*\*(.*(?:\n  .*)*)", glossary, re.MULTILINE):
        beside = " ".join(re.findall(r"\. (\w[\w ]{1,24}):", rest))
        found.update(re.findall(r"[a-z0-9]+", f"{bold} {beside}".lower()))
    return found


def known(word: str, vocabulary: set[str]) -> bool:
    """Tell whether a word, or the word that it is a form of, stands in a vocabulary."""
    forms = {word, word.removesuffix("s"), word.removesuffix("ed"), word.removesuffix("d")}
    forms |= {word.removesuffix("led"), word.removesuffix("ied") + "y"}
    return not forms.isdisjoint(vocabulary)


def class_names(source: Source) -> list[str]:
    """Give the names of a module's public classes."""
    return [
        node.name
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
