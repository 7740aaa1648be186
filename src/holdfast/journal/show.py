"""A record as one plain object, for people and for other programs."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import msgspec

from holdfast.domain.event import Record
from holdfast.domain.instant import NS_PER_S


def record_as_dict(record: Record) -> dict[str, Any]:
    """Give a record as plain values under the names of its fields; bytes become base64."""
    header = record.header
    return {
        "seq": header.seq,
        "type": header.type,
        "recorded_at": _text(header.recorded_at_ns),
        "recorded_at_ns": header.recorded_at_ns,
        "account": header.account,
        "shard": header.shard,
        "epoch": header.epoch,
        "event": _plain(record.event),
    }


def _text(at_ns: int) -> str:
    seconds, rest = divmod(at_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return b64encode(value).decode() if isinstance(value, bytes) else value
