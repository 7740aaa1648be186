"""Load a strategy that a user names, or say in one line why it cannot be loaded.

A reference is `FILE.py:Class`, or `package.module:Class` for a file that is installed. The
file is read and its code run once; reading, and the guard that fences the user's code, are
handed in by the runtime.
"""

import sys
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import msgspec

from holdfast.decision.check import intervals_ns, shadowed
from holdfast.decision.host import Failure, Guard
from holdfast.decision.strategy import Strategy
from holdfast.errors import StrategyLoadError, one_line

MOST_HISTORY_BARS = 10_000
_FORM = "write it as FILE.py:Class"


class Loaded(msgspec.Struct, frozen=True):
    """A strategy ready to be hosted; `source_digest` is the SHA-256 of its file."""

    strategy: Strategy
    name: str
    path: str
    source_digest: str
    intervals_ns: tuple[int, ...]


def load_strategy(reference: str, *, read: Callable[[str], bytes], guard: Guard) -> Loaded:
    """Load a strategy; `StrategyLoadError` says what is wrong, where, and what would be right.

    `read` gives the bytes of a path or raises OSError.
    """
    place, colon, name = reference.rpartition(":")
    if not colon or not place or not name.isidentifier():
        raise StrategyLoadError(f"strategy '{reference}': {_FORM}")
    path = place if place.endswith(".py") else _installed(place, reference)
    source = _read(path, reference, read=read)
    module = _run(path, source, guard=guard)
    kind = _class(module, name, path=path)
    strategy: Any = guard(kind)
    if type(strategy) is not kind:
        raise StrategyLoadError(f"{path}: {name}() {_did(strategy)}")
    declared = _declared(strategy, f"{path}: {name}", guard=guard)
    return Loaded(strategy, name, path, sha256(source).hexdigest(), declared)


def _installed(module: str, reference: str) -> str:
    try:
        spec = find_spec(module) if module.replace(".", "").isidentifier() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin:
        raise StrategyLoadError(f"strategy '{reference}': no such file or module; {_FORM}")
    return spec.origin


def _read(path: str, reference: str, *, read: Callable[[str], bytes]) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise StrategyLoadError(
            f"strategy '{reference}': {path}: {error.strerror or error}"
        ) from None


def _run(path: str, source: bytes, *, guard: Guard) -> ModuleType:
    """Run a file's code as a module of its own, with its folder on the import path."""
    try:
        code = compile(source, path, "exec")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        number = error.lineno if isinstance(error, SyntaxError) else None
        line = f", line {number}" if number else ""
        text = error.msg if isinstance(error, SyntaxError) else error
        said = one_line(str(text)) or "it is nested too deeply"
        raise StrategyLoadError(f"{path}{line}: not valid Python: {said}") from None
    folder = path.rpartition("/")[0] or "."
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = ModuleType("strategy_" + sha256(path.encode()).hexdigest()[:12])
    module.__file__ = path
    sys.modules[module.__name__] = module
    failure = guard(lambda: exec(code, module.__dict__))
    if failure is not None:
        raise StrategyLoadError(f"{path}: importing it {_did(failure)}")
    return module


def _class(module: ModuleType, name: str, *, path: str) -> type[Strategy]:
    kind = getattr(module, name, None)
    if isinstance(kind, type) and issubclass(kind, Strategy) and kind is not Strategy:
        return kind
    found = sorted(
        other
        for other, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value is not Strategy
    )
    there = f"; it has {', '.join(found)}" if found else "; it has no strategy"
    if kind is None:
        raise StrategyLoadError(f"{path}: no class {name}{there}")
    raise StrategyLoadError(f"{path}: {name} is no subclass of holdfast.Strategy{there}")


def _declared(strategy: Strategy, where: str, *, guard: Guard) -> tuple[int, ...]:
    """Check what a class declares, and give its intervals; to look runs the user's code."""
    wrong = guard(_undeclared, strategy)
    if type(wrong) is Failure:
        raise StrategyLoadError(f"{where}: what it declares cannot be read: {wrong.line}")
    if wrong:
        raise StrategyLoadError(f"{where}.{wrong}")
    try:
        return tuple(intervals_ns(strategy))
    except ValueError as error:
        raise StrategyLoadError(f"{where}.bars: {error}") from None


def _undeclared(strategy: Strategy) -> str:
    for field in ("symbols", "bars"):
        value: Any = getattr(strategy, field)
        if not isinstance(value, (tuple, list)) or not all(isinstance(v, str) for v in value):
            return f"{field} is {value!r}; write a tuple of texts"
    count: Any = strategy.history_bars
    if type(count) is not int or not 0 <= count <= MOST_HISTORY_BARS:
        return f"history_bars is {count!r}; write a number from 0 to {MOST_HISTORY_BARS:,}"
    ready: Any = strategy.ready
    if type(ready) is not bool:
        return f"ready is {ready!r}; write True or False"
    return shadowed(strategy)


def _did(failure: object) -> str:
    if type(failure) is not Failure:
        return f"gave a {type(failure).__name__}"
    if failure.line.startswith("SystemExit"):
        return "called sys.exit; a strategy's file only defines classes"
    return f"raised {failure.line}"
