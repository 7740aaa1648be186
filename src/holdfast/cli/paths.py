"""Where a run keeps its files unless told otherwise; `latest` is a link to the newest run."""

from pathlib import Path

RUNS = Path("runs")
LATEST = RUNS / "latest"
DEFAULT_SOCKET = LATEST / "trader.sock"
