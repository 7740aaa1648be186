"""The form of a recording, `recording/1`: one row a message, all kinds in one table, in order.

A recording is a folder of segments. A segment is one Parquet file (zstd) that is complete and
readable by itself: it is written beside and renamed, so a crash loses only the rows since the
segment before. `seq` counts the rows of a session without holes. Prices and quantities are the
venue's numbers as canonical decimal text. Columns that a kind does not have are null.

    snapshot   last_id, bids, asks                  the book as fetched
    depth      first_id, last_id, previous_id, bids, asks
    top        last_id, bid, bid_quantity, ask, ask_quantity
    trade      last_id, price, quantity, buyer_is_maker
    mark       price (mark), index, rate, next_at_ns
    gap        note                                 nothing of the symbol can be trusted until
                                                    the next snapshot; an empty symbol: of all
"""

from enum import Enum
from importlib import import_module
from typing import Any

import msgspec

from holdfast.errors import ConfigError

FORM = "recording/1"
METADATA_KEY = b"holdfast"
SUFFIX = ".parquet"
PART_SUFFIX = ".part"


class Kind(Enum):
    """What a row is."""

    SNAPSHOT = "snapshot"
    DEPTH = "depth"
    TOP = "top"
    TRADE = "trade"
    MARK = "mark"
    GAP = "gap"


COLUMNS = (
    "seq", "kind", "symbol", "venue_at_ns", "received_at_ns", "first_id", "last_id",
    "previous_id", "price", "quantity", "buyer_is_maker", "bid", "bid_quantity", "ask",
    "ask_quantity", "index", "rate", "next_at_ns", "bids", "asks", "note",
)  # fmt: skip
_INTEGERS = {
    "seq", "venue_at_ns", "received_at_ns", "first_id", "last_id", "previous_id", "next_at_ns",
}  # fmt: skip
_LEVELS = {"bids", "asks"}
_REPEATING = {"kind", "symbol", "note", "rate"}


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment says of itself in its metadata.

    `instruments` are the filters of the venue at the session's start, as plain values.
    """

    form: str = FORM
    venue: str
    product: str
    session: str
    segment: int
    instruments: list[dict[str, Any]]


def schema(about: About) -> Any:
    """Make the Parquet schema of a segment, with what it says of itself."""
    pa = arrow()
    level = pa.struct([("price", pa.string()), ("quantity", pa.string())])

    def type_of(name: str) -> Any:
        if name in _INTEGERS:
            return pa.int64()
        if name in _LEVELS:
            return pa.list_(level)
        if name in _REPEATING:
            return pa.dictionary(pa.int32(), pa.string())
        return pa.bool_() if name == "buyer_is_maker" else pa.string()

    return pa.schema(
        [(name, type_of(name)) for name in COLUMNS],
        metadata={METADATA_KEY: msgspec.json.encode(about)},
    )


def arrow() -> Any:
    """Give the Parquet library; `ConfigError` says how to get it where it is missing."""
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError(
            "recordings need the package pyarrow: pip install 'holdfast[data]'"
        ) from None
