"""Rules of privilege: who may make an approval, catch everything, ask the clock, draw lots."""

import ast

from tests.tidy import tables
from tests.tidy.tree import Source

_BROAD = {"Exception", "BaseException"}
_NOW = {"now", "utcnow", "today"}
_DATES = {"datetime", "date", "datetime.datetime", "datetime.date", "dt.datetime", "dt.date"}


def makers(source: Source) -> list[str]:
    """A privileged value is made in one place."""
    return [
        f"{source.path}:{node.lineno}: only {', '.join(sorted(allowed))} makes {name}"
        for node in source.nodes
        if isinstance(node, ast.Call)
        for name, allowed in tables.ONE_MAKER.items()
        if _name(node.func).rsplit(".", 1)[-1] == name and source.inside not in allowed
    ]


def broad_excepts(source: Source) -> list[str]:
    """One place may catch everything, because one place decides what follows."""
    if source.inside in tables.BROAD_EXCEPT:
        return []
    return [
        f"{source.path}:{node.lineno}: catch what is expected here, by name"
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or _BROAD.intersection(_caught(node.type)))
    ] + [
        f"{source.path}:{node.lineno}: suppresses everything"
        for node in source.nodes
        if isinstance(node, ast.Call)
        and _name(node.func).rsplit(".", 1)[-1] == "suppress"
        and _BROAD.intersection(_name(arg) for arg in node.args)
    ]


def _caught(kind: ast.expr) -> set[str]:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return {_name(item).rsplit(".", 1)[-1] for item in kinds}


def clock_callers(source: Source) -> list[str]:
    """One file calls the clock; everybody else is given it."""
    if source.inside in tables.CLOCK:
        return []
    return [
        f"{source.path}:{_line(node)}: the clock is a port; take it as a parameter"
        for node in source.nodes
        if _imports(node, "time") or (isinstance(node, ast.Call) and _reads_clock(node.func))
    ]


def _reads_clock(called: ast.expr) -> bool:
    if not isinstance(called, ast.Attribute):
        return False
    owner = _name(called.value)
    if called.attr == "time":
        return owner.endswith(("loop", "get_running_loop()", "get_event_loop()"))
    return called.attr in _NOW and owner in _DATES


def random_makers(source: Source) -> list[str]:
    """Chance has a seed, so it is drawn in named files."""
    if source.inside in tables.RANDOM:
        return []
    return [
        f"{source.path}:{_line(node)}: random numbers are made in "
        f"{' and '.join(sorted(tables.RANDOM))}"
        for node in source.nodes
        if any(_imports(node, name) for name in ("random", "secrets", "uuid"))
        or (isinstance(node, ast.Call) and _name(node.func).endswith("urandom"))
    ]


def opened_files(source: Source) -> list[str]:
    """The pure stages open nothing."""
    if not source.inside.startswith(tables.PURE):
        return []
    return [
        f"{source.path}:{node.lineno}: a pure stage opens no file"
        for node in source.nodes
        if isinstance(node, ast.Call) and _name(node.func) in ("open", "input", "print")
    ]


def patches(source: Source) -> list[str]:
    """A fake is written by hand and handed in; nothing is patched under a test."""
    return [
        f"{source.path}:{_line(node)}: hand in a fake instead of patching"
        for node in source.nodes
        if _imports(node, "unittest.mock")
        or _imports(node, "mock")
        or (isinstance(node, ast.ImportFrom) and node.module == "unittest" and _mock_of(node))
        or (isinstance(node, ast.arg) and node.arg == "mocker")
        or (isinstance(node, ast.Call) and _patches_code(node))
    ]


def _patches_code(call: ast.Call) -> bool:
    """Tell a patch of code from a stand-in for the process's own standard streams."""
    what = call.args[0] if call.args else call
    return _name(call.func) == "monkeypatch.setattr" and not (
        isinstance(what, ast.Constant) and str(what.value).startswith("sys.std")
    )


def _mock_of(node: ast.ImportFrom) -> bool:
    return any(alias.name == "mock" for alias in node.names)


def unchecked_tests(source: Source) -> list[str]:
    """A test that checks nothing proves nothing; what it calls in its own file may check."""
    checking: set[str] = set()
    functions = [
        node
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for _ in functions:
        known = len(checking)
        checking |= {node.name for node in functions if _checks(node, checking)}
        if len(checking) == known:
            break
    return [
        f"{source.path}:{node.lineno}: {node.name} checks nothing"
        for node in functions
        if node.name.startswith("test_") and not _checks(node, checking)
    ]


def _checks(function: ast.AST, checking: set[str]) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and _is_check(node, checking))
        for node in ast.walk(function)
    )


def _is_check(call: ast.Call, checking: set[str]) -> bool:
    called = _name(call.func).rsplit(".", 1)[-1]
    named = called.lstrip("_").startswith(("assert", "check", "expect", "prove", "verify"))
    return named or called == "raises" or called in checking


def _imports(node: ast.AST, module: str) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name == module for alias in node.names)
    return isinstance(node, ast.ImportFrom) and node.module == module and not node.level


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _name(node: ast.expr) -> str:
    return ast.unparse(node)
