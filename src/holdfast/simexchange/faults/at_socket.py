"""Faults of open WebSockets: half open, half closed, slow, unread, cut, shut down."""

from typing import TYPE_CHECKING

from holdfast.simexchange.connection import GOING_AWAY, Connection
from holdfast.simexchange.faults.armed import Scene
from holdfast.simexchange.faults.entries import Fault
from holdfast.simexchange.faults.kinds import FaultKind
from holdfast.simexchange.pacing import SECOND_NS
from holdfast.simexchange.valve import Trickle

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.simexchange.floor import Floor

SLOWLY = 200
LEAD_NS = 10 * SECOND_NS
NS_PER_MS = 10**6


def befall(floor: "Floor", connection: Connection) -> None:
    """Draw what becomes of a socket that opens, now or after the delay of its fault."""
    scene = scene_of(connection)
    for kind, act in ACTS.items():
        fault = floor.faults.drawn(kind, scene)
        if fault is not None:
            _let(floor, connection, fault, act)


def befall_open(floor: "Floor", fault: Fault) -> int:
    """Let it happen to every open socket that it concerns, now; return to how many."""
    act = ACTS[fault.kind]
    concerned = list(concerned_by(floor, fault))
    for connection in concerned:
        act(floor, connection, fault)
    return len(concerned)


def concerned_by(floor: "Floor", fault: Fault) -> list[Connection]:
    """List the open sockets that a fault's product, stream and address name."""
    return [
        connection
        for connection in floor.pacer.connections()
        if not connection.closed
        and fault.product in ("", connection.terms.product)
        and fault.stream in ("", connection.terms.role)
        and fault.address in ("", connection.terms.address)
    ]


def scene_of(connection: Connection) -> Scene:
    """Say whose socket it is and what for."""
    terms = connection.terms
    return Scene(product=terms.product, stream=terms.role, address=terms.address)


def retire(floor: "Floor", connection: Connection, *, lead_ns: int) -> None:
    """Announce a shutdown to a socket and close it after the lead."""
    if connection.closed:
        return
    connection.push(connection.farewell(floor.clock.now_ns() // NS_PER_MS))
    floor.timetable.after(lead_ns, lambda: connection.close(GOING_AWAY))


def _let(
    floor: "Floor",
    connection: Connection,
    fault: Fault,
    act: "Callable[[Floor, Connection, Fault], None]",
) -> None:
    lead_ns = min(LEAD_NS, fault.delay_ns // 2) if fault.kind is FaultKind.DAY_CUT else 0
    floor.timetable.after(fault.delay_ns - lead_ns, lambda: act(floor, connection, fault))


def _half_open(_floor: "Floor", connection: Connection, _fault: Fault) -> None:
    """Neither read nor write, and stay: what a lost route looks like from both ends."""
    connection.transport.pause_reading()
    connection.drop()


def _half_close(_floor: "Floor", connection: Connection, _fault: Fault) -> None:
    """End our half, go on reading, and never say anything again."""
    if not connection.closed and connection.transport.can_write_eof():
        connection.transport.write_eof()
    connection.drop()


def _unread(_floor: "Floor", connection: Connection, _fault: Fault) -> None:
    """Write as ever and read nothing, not even pongs."""
    connection.transport.pause_reading()
    connection.expect_nothing()


def _trickled(_floor: "Floor", connection: Connection, fault: Fault) -> None:
    if connection.outlet is None:
        slow = Trickle(connection.transport, bytes_per_s=fault.bytes_per_s or SLOWLY)
        connection.outlet = slow


def _cut(_floor: "Floor", connection: Connection, _fault: Fault) -> None:
    connection.abort()


def _day_over(floor: "Floor", connection: Connection, fault: Fault) -> None:
    retire(floor, connection, lead_ns=min(LEAD_NS, fault.delay_ns // 2))


ACTS: "dict[FaultKind, Callable[[Floor, Connection, Fault], None]]" = {
    FaultKind.SOCKET_HALF_OPEN: _half_open,
    FaultKind.SOCKET_HALF_CLOSED: _half_close,
    FaultKind.SOCKET_UNREAD: _unread,
    FaultKind.SOCKET_TRICKLED: _trickled,
    FaultKind.SOCKET_CUT: _cut,
    FaultKind.DAY_CUT: _day_over,
}
