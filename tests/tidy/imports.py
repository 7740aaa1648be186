"""Rules of import that the contracts cannot say: the core, the edges, and what nobody uses."""

import ast
import sys
from collections.abc import Iterator

from tests.tidy import tables
from tests.tidy.tree import PACKAGE, Source

NETWORK = {"aiohttp", "asyncio", "http", "picows", "select", "socket", "ssl", "urllib"}


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """Give the line and the dotted name of everything that a file imports, at any depth."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = _absolute(source, node)
            yield node.lineno, prefix
            yield from ((node.lineno, f"{prefix}.{alias.name}") for alias in node.names)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    keep = len(package) - node.level + source.path.endswith("__init__.py")
    return ".".join([*package[:keep], *([node.module] if node.module else [])])


def core_dependencies(source: Source) -> list[str]:
    """The core depends on msgspec alone."""
    if not source.inside.startswith(tables.CORE):
        return []
    return [
        f"{source.path}:{line}: the core imports {name}"
        for line, name in imported(source)
        if (root := name.split(".")[0]) not in tables.CORE_MAY_IMPORT
        and root not in sys.stdlib_module_names
    ]


def off_the_edge(source: Source) -> list[str]:
    """What touches the world stands at an edge; a stage is given a port."""
    if not source.path.startswith(PACKAGE):
        return []
    return [
        f"{source.path}:{line}: {module} belongs to {', '.join(edges) or 'nobody'}"
        for line, name in imported(source)
        for module, edges in tables.EDGES.items()
        if (name == module or name.startswith(f"{module}."))
        and not source.inside.startswith(edges)
    ]


def impure_wires(source: Source) -> list[str]:
    """A wire file turns bytes into values and back, and knows no socket."""
    if not source.path.endswith("/wire.py") and "/wire/" not in source.path:
        return []
    return [
        f"{source.path}:{line}: a wire file imports {name}"
        for line, name in imported(source)
        if name.split(".")[0] in NETWORK and not name.startswith("urllib.parse")
    ]


def paper_sockets(source: Source) -> list[str]:
    """The paper venue uses the matching core in process, never the simulator's sockets."""
    if not source.inside.startswith("venues/paper/"):
        return []
    return [
        f"{source.path}:{line}: the paper venue imports {name}"
        for line, name in imported(source)
        if name.startswith("holdfast.simexchange.")
        and name.split(".")[2]
        in ("connection", "rest", "server", "sockets", "streams", "ws_api")
    ]


def unused_modules(files: list[Source], *, suites: list[Source]) -> list[str]:
    """A module that nothing imports is dead; a name in a string counts, for late imports.

    What stands in `testing` is there for tests, so they count as its users; beside it only the
    seams of the table may live on tests alone.
    """
    used: set[str] = set()
    for source in files:
        names = {name for _, name in imported(source)} | _strings(source)
        used |= names - {source.module}
    for source in suites:
        used |= {
            name
            for _, name in imported(source)
            if name.startswith("holdfast.testing.") or name in tables.SEAMS
        }
    return [
        f"{source.path}: nothing imports it"
        for source in files
        if not source.path.endswith(tables.ENTRY_POINTS) and source.module not in used
    ]


def _strings(source: Source) -> set[str]:
    return {
        node.value
        for node in source.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("holdfast.")
    }
