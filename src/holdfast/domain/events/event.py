"""What every event of the catalogue is."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, array_like=True):
    """What every event of the catalogue is."""

    TYPE: ClassVar[str] = ""
