"""What needs a person to know: incidents, and symbols that take no new risk by themselves."""

from typing import ClassVar

import msgspec

from holdfast.domain.events.event import Event


class IncidentOpened(Event, frozen=True, array_like=True):
    """Something happened that a person has to see; open until it is closed.

    `kind` is one of a few constant words, `scope` is what it is about: the account, a symbol
    or an asset. An incident is told once while one of its kind and scope is open.
    """

    TYPE: ClassVar[str] = "incident.opened/1"
    kind: str
    scope: str
    reason: str
    rounds: int = 0
    differences: list[str] = msgspec.field(default_factory=list)


class IncidentClosed(Event, frozen=True, array_like=True):
    """An incident is over, by a rule or by a person.

    `acknowledged` are the orders, each with how far it is, that a person took note of.
    """

    TYPE: ClassVar[str] = "incident.closed/1"
    kind: str
    scope: str
    reason: str
    acknowledged: list[str] = msgspec.field(default_factory=list)


class SymbolQuarantined(Event, frozen=True, array_like=True):
    """A symbol takes no new risk until a comparison of it is clean, or a person releases it.

    The rest of the account goes on. `rounds` is how often it was compared, `differences` what
    was left of them.
    """

    TYPE: ClassVar[str] = "symbol.quarantined/1"
    symbol: str
    reason: str
    rounds: int
    differences: list[str]


class SymbolReleased(Event, frozen=True, array_like=True):
    """A symbol may take new risk again; `differences` are those that a person accepted."""

    TYPE: ClassVar[str] = "symbol.released/1"
    symbol: str
    reason: str
    rounds: int
    differences: list[str]
