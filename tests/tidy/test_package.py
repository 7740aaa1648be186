"""The package is whole: data goes into the wheel, the version is one, the start is light."""

import subprocess
import sys
import tomllib
from pathlib import PurePosixPath

import holdfast
from tests.tidy.tree import PACKAGE, ROOT, texts

PROJECT = tomllib.loads(texts()["pyproject.toml"])
# What `--help` must not wait for.
HEAVY = ("aiohttp", "asyncio", "cryptography", "picows", "rich", "sqlite3", "uvloop")


def unshipped(paths: list[str], patterns: list[str]) -> list[str]:
    """Give the data files that no pattern of the package data takes into the wheel."""
    return [
        path
        for path in paths
        if not path.endswith(".py")
        and not any(PurePosixPath(path).match(pattern) for pattern in patterns)
    ]


def test_every_data_file_of_the_package_goes_into_the_wheel() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    assert not unshipped([path for path in texts() if path.startswith(PACKAGE)], patterns)


def test_a_data_file_that_would_be_left_out_is_found() -> None:
    assert unshipped([f"{PACKAGE}reports/page.svg"], ["**/*.css"])
    assert not unshipped([f"{PACKAGE}reports/page.css"], ["**/*.css"])


def test_the_version_is_said_once() -> None:
    assert PROJECT["project"]["version"] == holdfast.__version__


def test_the_package_is_marked_as_typed() -> None:
    assert f"{PACKAGE}py.typed" in texts()


def test_help_waits_for_no_heavy_library() -> None:
    program = (
        "import sys; from holdfast.cli.main import build_parser; build_parser(); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "src",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stdout.strip() == "[]", answer.stdout + answer.stderr
