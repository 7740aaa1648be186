"""Run the simulated exchange as a program of its own: `python -m holdfast.simexchange`."""

import sys

from holdfast.simexchange.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
