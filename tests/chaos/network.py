"""Two network namespaces with a cable between them, and what can befall the cable."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

TOOLS = {"ip": "iproute2", "ss": "iproute2", "nft": "nftables"}
"""The programs that are needed, and the packages of Debian that have them."""
WAIT_S = 120
TRADER, VENUE = "10.213.77.1", "10.213.77.2"
ASK = (
    "import sys, urllib.request; "
    "r = urllib.request.Request(sys.argv[1], method=sys.argv[2]); "
    "sys.stdout.buffer.write(urllib.request.urlopen(r, timeout=20).read())"
)


def run(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=WAIT_S, check=False
    )


def needs_tools() -> None:
    """Have the programs, or fail with the package's name; skip where there is no root."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root alone")
    for program, package in TOOLS.items():
        if shutil.which(program) is None and shutil.which("apt-get") is not None:
            run("apt-get", "update", "-qq")
            run("apt-get", "install", "-y", "-qq", package)
        if shutil.which(program) is None:
            pytest.fail(f"there is no program {program}: install the package {package}")


class Cable:
    """The way between trader and venue; what befalls it is drawn by the kernel."""

    def __init__(self, trader: str, venue: str) -> None:
        self.trader = trader
        self.venue = venue

    def inside(self, space: str, *command: str) -> list[str]:
        """Give the command that runs another one in a namespace."""
        return ["ip", "netns", "exec", space, *command]

    def lose(self, percent: int) -> None:
        """Lose so many of a hundred packets, each way; 100 is a half-open cable."""
        rule = "drop" if percent >= 100 else f"numgen random mod 100 < {percent} drop"
        self._filter(f"ip daddr {VENUE} {rule}", f"ip daddr {TRADER} {rule}")

    def refuse(self) -> None:
        """Answer whatever the trader sends with a reset, of which the venue knows nothing."""
        self._filter("ip protocol tcp reject with tcp reset", "")

    def reset(self) -> None:
        """Reset every connection at both ends."""
        run(*self.inside(self.venue, "ss", "-K", "dst", TRADER))

    def heal(self) -> None:
        """Let everything pass."""
        run(*self.inside(self.venue, "nft", "flush", "ruleset"))

    def ask(self, url: str, method: str = "GET") -> dict[str, Any]:
        """Ask the venue from the trader's side."""
        done = run(*self.inside(self.trader, "python3", "-c", ASK, url, method))
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def _filter(self, arriving: str, leaving: str) -> None:
        self.heal()
        rules = (
            "table ip cable {\n"
            f"chain arriving {{\ntype filter hook input priority 0;\n{arriving}\n}}\n"
            f"chain leaving {{\ntype filter hook output priority 0;\n{leaving}\n}}\n"
            "}\n"
        )
        done = run(*self.inside(self.venue, "nft", "-f", "-"), text=rules)
        assert done.returncode == 0, done.stderr


@contextmanager
def two_networks() -> Iterator[Cable]:
    """Make both namespaces and the cable, and take them away."""
    needs_tools()
    trader, venue = f"hft-{os.getpid()}", f"hfv-{os.getpid()}"
    made = run("ip", "netns", "add", trader)
    if made.returncode != 0:
        pytest.skip(f"no network namespace can be made here: {made.stderr.strip()}")
    try:
        run("ip", "netns", "add", venue)
        done = run("ip", "link", "add", "cable", "netns", trader, "type", "veth", "peer",
                   "name", "cable", "netns", venue)  # fmt: skip
        assert done.returncode == 0, done.stderr
        for space, address in ((trader, TRADER), (venue, VENUE)):
            run("ip", "-n", space, "addr", "add", f"{address}/30", "dev", "cable")
            run("ip", "-n", space, "link", "set", "lo", "up")
            run("ip", "-n", space, "link", "set", "cable", "up")
        yield Cable(trader, venue)
    finally:
        for space in (trader, venue):
            run("ip", "netns", "del", space)
