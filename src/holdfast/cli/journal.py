"""`holdfast journal verify|state|show`: read a journal without its trader."""

import argparse
import json
from pathlib import Path
from typing import Any

from holdfast.cli.output import write_out


def add(verbs: Any) -> None:
    """Add the verb and its three."""
    parser = verbs.add_parser("journal", help="verify, fold or show a journal")
    inner = parser.add_subparsers(metavar="COMMAND", required=True)
    verify = inner.add_parser("verify", help="re-read every byte and check the hash chain")
    state = inner.add_parser("state", help="fold the journal and print its state hash")
    show = inner.add_parser("show", help="print records, one JSON object a line")
    for verb in (verify, state, show):
        verb.add_argument("path", type=Path, metavar="PATH")
    for verb in (verify, state):
        verb.add_argument("--json", action="store_true", help="print one JSON object")
    show.add_argument("--follow", action="store_true", help="go on as records are written")
    show.add_argument("--type", metavar="T", help="only this type, such as order.filled")
    verify.set_defaults(verb=_verify)
    state.set_defaults(verb=_state)
    show.set_defaults(verb=_show)


def _verify(arguments: argparse.Namespace) -> int:
    from holdfast.journal.verify import verify

    verified = verify(arguments.path)
    if arguments.json:
        answer = {
            "schema": "journal-verify/1",
            "path": str(arguments.path),
            "events": verified.events,
            "head": verified.head,
            "verified": True,
        }
        write_out(json.dumps(answer) + "\n")
    else:
        write_out(f"{arguments.path}: {verified.events} events, head {verified.head}\n")
    return 0


def _state(arguments: argparse.Namespace) -> int:
    from holdfast.runtime.journal_state import read_state

    answer = read_state(arguments.path)
    if arguments.json:
        write_out(json.dumps(answer) + "\n")
        return 0
    write_out(f"{arguments.path}: {answer['events']} events\n")
    write_out(f"state hash ({answer['form']}): {answer['state_hash']}\n")
    for position in answer["positions"]:
        write_out(f"  {position['strategy']} {position['symbol']} {position['quantity']}\n")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from holdfast.runtime.journal_state import show_lines

    for line in show_lines(arguments.path, kind=arguments.type, follow_on=arguments.follow):
        write_out(line + "\n")
    return 0
