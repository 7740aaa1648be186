"""`holdfast sim serve|fault`: the simulated exchange as a program, and its faults."""

import argparse
from typing import Any

from holdfast.cli.output import write_out

DEFAULT_URL = "http://127.0.0.1:8765"


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser("sim", help="run the simulated exchange")
    verbs_of_sim = parser.add_subparsers(metavar="COMMAND", required=True)
    serve = verbs_of_sim.add_parser("serve", help="serve it on one loopback port")
    from holdfast.simexchange.arguments import add_serve_arguments

    add_serve_arguments(serve)
    serve.set_defaults(verb=_serve)
    fault = verbs_of_sim.add_parser("fault", help="faults of one that runs")
    _add_fault_verbs(fault.add_subparsers(metavar="COMMAND", required=True))


def _add_fault_verbs(verbs: Any) -> None:
    listed = verbs.add_parser("list", help="every fault, how often it struck and still may")
    listed.add_argument("--json", action="store_true", help="one JSON object")
    listed.set_defaults(verb=_list)
    added = verbs.add_parser("add", help="arm one, such as: order_503 count=3 after=1")
    cleared = verbs.add_parser("clear", help="disarm all, or those of these numbers")
    cleared.add_argument("numbers", nargs="*", metavar="ID", help="as list shows them")
    cleared.set_defaults(verb=_clear)
    done = verbs.add_parser("do", help="one thing now, such as: maintenance for=30s")
    for parser, verb in ((added, _add), (done, _do)):
        parser.add_argument("kind", metavar="KIND", help="as docs/simulated-exchange.md lists")
        parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help="its settings")
        parser.set_defaults(verb=verb)
    for parser in (listed, added, cleared, done):
        parser.add_argument(
            "--url", default=DEFAULT_URL, help="where the exchange is (default: %(default)s)"
        )


def _serve(arguments: argparse.Namespace) -> int:
    from holdfast.simexchange.server import serve_command

    return serve_command(arguments)


def _list(arguments: argparse.Namespace) -> int:
    from holdfast.simexchange import remote

    found = remote.ask(arguments.url, "GET", path="/sim/faults")
    write_out(remote.as_json(found) if arguments.json else remote.as_table(found))
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from holdfast.simexchange import remote

    body = remote.entry(arguments.kind, arguments.settings)
    [armed] = remote.ask(arguments.url, "POST", path="/sim/faults", body=body)["armed"]
    write_out(f"armed {armed['kind']} as {armed['id']}\n")
    return 0


def _clear(arguments: argparse.Namespace) -> int:
    from holdfast.simexchange import remote

    paths = [remote.path_of(number) for number in arguments.numbers] or ["/sim/faults"]
    removed = sum(remote.ask(arguments.url, "DELETE", path=path)["removed"] for path in paths)
    write_out(f"disarmed {removed}\n")
    return 0


def _do(arguments: argparse.Namespace) -> int:
    from holdfast.simexchange import remote

    body = remote.entry(arguments.kind, arguments.settings)
    write_out(remote.as_json(remote.ask(arguments.url, "POST", path="/sim/do", body=body)))
    return 0
