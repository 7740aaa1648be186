"""`holdfast sim serve`: the simulated exchange as a program of its own."""

import argparse
from typing import Any


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser("sim", help="run the simulated exchange")
    verbs_of_sim = parser.add_subparsers(metavar="COMMAND", required=True)
    serve = verbs_of_sim.add_parser("serve", help="serve it on one loopback port")
    from holdfast.simexchange.arguments import add_serve_arguments

    add_serve_arguments(serve)
    serve.set_defaults(verb=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    from holdfast.simexchange.server import serve_command

    return serve_command(arguments)
