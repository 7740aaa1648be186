"""`holdfast pause|resume|release|cancel|stop`: commands to a running trader."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.output import write_out
from holdfast.cli.paths import DEFAULT_SOCKET

if TYPE_CHECKING:
    from holdfast.runtime.commands import Command

_HELP = {
    "pause": "add no new risk until resumed; reductions and cancels go on",
    "resume": "allow new risk again",
    "release": "end a quarantine or an incident; what differs is accepted as the venue has it",
    "cancel": "cancel resting entries and exits",
    "stop": "end the run in order: cancel, verify, report",
}


def add(verbs: Any) -> None:
    """Add the verbs."""
    for name, text in _HELP.items():
        parser = verbs.add_parser(name, help=text)
        parser.add_argument(
            "--socket",
            type=Path,
            default=DEFAULT_SOCKET,
            help="the trader's socket (default: %(default)s)",
        )
        parser.add_argument("--reason", required=True, help="why; it is journaled")
        parser.add_argument("--idempotency-key", help="repeats of a key act once")
        if name in ("pause", "resume"):
            parser.add_argument(
                "--scope", default="account", help="account, or a strategy's or symbol's name"
            )
        if name == "release":
            parser.add_argument(
                "--scope", required=True, help="account, or a symbol's or asset's name"
            )
        if name == "cancel":
            parser.add_argument(
                "--including-stops",
                action="store_true",
                help="cancel protective orders too, which uncovers their positions",
            )
        parser.set_defaults(verb=lambda arguments, name=name: _send(name, arguments))


def _send(name: str, arguments: argparse.Namespace) -> int:
    from holdfast.runtime import commands

    answer = commands.send(arguments.socket, _command(name, arguments))
    repeated = " (this key was used before; nothing was done again)" if answer.repeated else ""
    write_out(f"{answer.outcome}{repeated}\n")
    return 0


def _command(name: str, arguments: argparse.Namespace) -> "Command":
    from holdfast.runtime import commands, random

    given: str | None = arguments.idempotency_key
    key = random.key() if given is None else given
    reason: str = arguments.reason
    match name:
        case "pause":
            return commands.Pause(reason=reason, idempotency_key=key, scope=arguments.scope)
        case "resume":
            return commands.Resume(reason=reason, idempotency_key=key, scope=arguments.scope)
        case "release":
            return commands.Release(reason=reason, idempotency_key=key, scope=arguments.scope)
        case "cancel":
            return commands.CancelAll(
                reason=reason, idempotency_key=key, including_stops=arguments.including_stops
            )
        case _:
            return commands.Stop(reason=reason, idempotency_key=key)
