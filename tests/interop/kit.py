"""The simulated exchange as a process, for other people's clients."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

LONGEST_S = 20.0
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}


@asynccontextmanager
async def simulator(*arguments: str) -> AsyncIterator[dict[str, str]]:
    """Run `sim serve` as a child process, and end it by closing its input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "holdfast.simexchange",
        "--exit-with-parent",
        "--seed",
        "7",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), LONGEST_S)
        yield json.loads(line)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), LONGEST_S)
