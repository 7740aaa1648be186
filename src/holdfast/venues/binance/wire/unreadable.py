"""The value that stands for bytes which say nothing that we understand."""

import msgspec

from holdfast.domain.ids import Symbol

NO_SYMBOL = Symbol("")
READ_ERRORS = (ValueError, RecursionError)
"""Everything that reading bytes may raise; msgspec's errors and ours are ValueErrors."""


class Unreadable(msgspec.Struct, frozen=True):
    """A message that cannot be read; `symbol` where it is known whose it was."""

    reason: str
    symbol: Symbol = NO_SYMBOL
