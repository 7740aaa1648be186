"""`holdfast version`: which program this is."""

import argparse
import json
import platform
from typing import Any

from holdfast.cli.output import write_out


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser("version", help="print the version")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(verb=show)


def show(arguments: argparse.Namespace) -> int:
    """Print the version, plainly or as one object."""
    from holdfast.runtime.state import STATE_FORM
    from holdfast.runtime.version import program_version

    version = program_version()
    if arguments.json:
        answer = {
            "schema": "version/1",
            "version": version,
            "python": platform.python_version(),
            "state_form": STATE_FORM,
        }
        write_out(json.dumps(answer) + "\n")
    else:
        write_out(f"holdfast {version} (Python {platform.python_version()})\n")
    return 0
