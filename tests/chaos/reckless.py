"""A trader with a planted bug: it asks what it missed, and takes new risk meanwhile."""

import sys

from holdfast.cli.main import main
from holdfast.risk.halt import UNRECONCILED, Halts


def forget(halts: Halts, kind: str, reason: str) -> None:
    """Block for every reason but the one that matters here."""
    if kind != UNRECONCILED:
        REMEMBERED(halts, kind, reason)


REMEMBERED = Halts.block
Halts.block = forget  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(main())
