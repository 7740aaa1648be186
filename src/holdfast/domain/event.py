"""The envelope of every journal record; its bytes are what the hash chain covers."""

import msgspec

from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import UtcNs


class Header(msgspec.Struct, frozen=True):
    """Where and when a record stands; `recorded_at_ns` never goes backwards in a journal.

    `type` is the catalogue's name with its version, such as `order.filled/1`.
    """

    seq: int
    account: AccountId
    shard: Shard
    epoch: Epoch
    type: str
    recorded_at_ns: UtcNs


class Record(msgspec.Struct, frozen=True):
    """A header with its decoded event."""

    header: Header
    event: Event
