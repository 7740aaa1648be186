"""How long a connection whose other end is gone may pretend to be there.

A half-open connection (a cable, a NAT, a firewall that forgot) has no last byte and no end. The
kernel asks for a sign of life where nothing is said, and gives up what is not acknowledged;
its own defaults are hours and a quarter of an hour.
"""

import socket

IDLE_S = 15
PROBE_EVERY_S = 5
PROBES = 3
UNACKNOWLEDGED_MS = 20_000
_LEVELS = (
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("IPPROTO_TCP", "TCP_KEEPIDLE", IDLE_S),
    ("IPPROTO_TCP", "TCP_KEEPINTVL", PROBE_EVERY_S),
    ("IPPROTO_TCP", "TCP_KEEPCNT", PROBES),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),
)


def be_impatient(one: socket.socket) -> None:
    """Have the kernel end a connection whose other end is gone, where it knows how."""
    for level, name, value in _LEVELS:
        if hasattr(socket, name):
            one.setsockopt(getattr(socket, level), getattr(socket, name), value)
