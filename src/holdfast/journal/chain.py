"""The hash chain: each record's SHA-256 covers the link before it, its header and its bytes.

What is hashed is what is stored, never a decoded form, so a later program checks old records
without understanding them. Nothing of batches, threads, paths or hosts enters a hashed byte.
The header is a MessagePack array, which ends where it says, so header and body cannot be
shifted against each other.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from holdfast.domain.event import Header
from holdfast.errors import JournalCorrupt

GENESIS = sha256(b"holdfast journal/1").digest()

# A stored record: seq, account, shard, epoch, type, recorded_at_ns, body, hash.
Row = tuple[int, str, int, int, str, int, bytes, bytes]

_pack = msgspec.msgpack.Encoder().encode


class Head(msgspec.Struct, frozen=True):
    """The last record of a journal; sequence 0 and the genesis link when it is empty."""

    seq: int = 0
    hash: bytes = GENESIS
    epoch: int = 0
    recorded_at_ns: int = 0


def header_bytes(header: Header) -> bytes:
    """Give the one byte form of a header that the chain covers."""
    return _pack(
        (
            header.seq,
            header.account,
            header.shard,
            header.epoch,
            header.type,
            header.recorded_at_ns,
        )
    )


def link(previous: bytes, header: bytes, *, body: bytes) -> bytes:
    """Give the hash of a record from the hash before it, its header's bytes and its body."""
    return sha256(previous + header + body).digest()


def walk(rows: Iterable[Row], *, after: Head) -> Iterator[Row]:
    """Pass rows on while each follows from the one before; JournalCorrupt names the first bad.

    `after` is what the first row must follow. A gap in the sequence counts as a bad record.
    """
    seq, previous = after.seq, after.hash
    for row in rows:
        seq += 1
        if row[0] != seq:
            raise BrokenLink(seq, row, f"record {seq} is missing: {row[0]!r} follows {seq - 1}")
        body, stored = row[6], row[7]
        if (
            type(body) is not bytes
            or sha256(previous + _pack(row[:6]) + body).digest() != stored
        ):
            raise BrokenLink(seq, row, f"record {seq} does not match the hash chain")
        previous = stored
        yield row


class BrokenLink(JournalCorrupt):
    """A record does not follow from the one before it; whoever knows the file says where."""

    def __init__(self, seq: int, row: Row, reason: str) -> None:
        super().__init__(reason)
        self.seq = seq
        self.row = row
