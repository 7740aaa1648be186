"""The golden forms of events: what every stored version looks like, which may only grow.

Run as a program it records the forms of new events and of new fields, and refuses to record
anything that would change what journals already hold.
"""

import json
import sys
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from holdfast.domain import events
from holdfast.journal import codec
from tests.tidy.tree import ROOT

GOLDEN = ROOT / "tests/tidy/golden/events.json"
BYTES = ROOT / "tests/tidy/golden/bytes.json"
Form = list[list[str]]
Kind = TypeVar("Kind", bound=msgspec.Struct)


def form(kind: type[msgspec.Struct]) -> Form:
    """Give the name, type and default of every field, in the order in which they are stored."""
    return [
        [field.name, _type_name(field.type), *([] if field.required else [_default(field)])]
        for field in msgspec.structs.fields(kind)
    ]


def _type_name(kind: Any) -> str:
    text = getattr(kind, "__name__", str(kind)) if isinstance(kind, type) else str(kind)
    return text.replace("typing.", "").replace(f"{getattr(kind, '__module__', '')}.", "")


def _default(field: msgspec.structs.FieldInfo) -> str:
    made = field.default_factory is not msgspec.NODEFAULT
    return repr(field.default_factory() if made else field.default)


def current() -> dict[str, Form]:
    """Give the forms of the whole catalogue and of the structs inside its events."""
    forms: dict[str, Form] = {}
    for name, kind in events.CATALOGUE.items():
        forms[name] = form(kind)
        forms.update(_inner(msgspec.inspect.type_info(kind)))
    return dict(sorted(forms.items()))


def _inner(info: Any) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for field in info.fields:
        inner = getattr(field.type, "item_type", field.type)
        if isinstance(inner, msgspec.inspect.StructType):
            found[inner.cls.__name__] = form(inner.cls)
            found.update(_inner(inner))
    return found


def sample(kind: type[Kind]) -> Kind:
    """Make the same event every time, with a value of its own in each field."""
    fields = msgspec.inspect.type_info(kind).fields  # type: ignore[attr-defined]
    return kind(**{field.name: _value(field.type, field.name) for field in fields})


def _value(info: Any, name: str) -> Any:
    match info:
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType():
            return len(name)
        case msgspec.inspect.StrType():
            return name
        case msgspec.inspect.BytesType():
            return name.encode()
        case msgspec.inspect.ListType(item_type=item):
            return [_value(item, name)]
        case msgspec.inspect.DictType(value_type=item):
            return {name: _value(item, name), "a": _value(item, "a")}
        case msgspec.inspect.AnyType():
            return [name, 1, None]
        case msgspec.inspect.StructType(cls=cls):
            return sample(cls)
    raise TypeError(f"{name}: no sample for {info}")


def compare(golden: dict[str, Form], now: dict[str, Form]) -> list[str]:
    """Name every difference that written journals could not bear, and what is missing."""
    findings = [f"{name}: a stored version has gone" for name in golden if name not in now]
    for name, fields in now.items():
        kept = golden.get(name)
        if kept is None:
            findings.append(f"{name}: has no golden form yet")
        elif fields[: len(kept)] != kept:
            findings.append(f"{name}: a stored version is never edited; make the next one")
        elif any(len(field) == 2 for field in fields[len(kept) :]):
            findings.append(f"{name}: an appended field needs a default")
        elif len(fields) > len(kept):
            findings.append(f"{name}: the golden form lacks its newest fields")
    return findings


def recorded(path: Path) -> dict[str, Any]:
    """Read what was recorded; nothing before the first time."""
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return kept


def encoded() -> dict[str, list[str]]:
    """Give every encoding that a sample of an event ever had, the newest last."""
    known = recorded(BYTES)
    now = {name: codec.encode(sample(kind)).hex() for name, kind in events.CATALOGUE.items()}
    return {
        name: [*(old for old in known.get(name, []) if old != now[name]), now[name]]
        for name in sorted(now)
    }


def main() -> int:
    """Record what is new; tell what may not be recorded."""
    golden, now = recorded(GOLDEN), current()
    broken = [finding for finding in compare(golden, now) if "golden form" not in finding]
    if broken:
        sys.stderr.write("\n".join(broken) + "\n")
        return 1
    _write(GOLDEN, now)
    _write(BYTES, encoded())
    return 0


def _write(path: Path, entries: dict[str, Any]) -> None:
    lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    sys.exit(main())
