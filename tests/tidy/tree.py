"""The repository as a tree of texts; every rule reads from here and nothing else."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/holdfast/"
_NOT_OURS = {".git", ".venv", ".hypothesis", "__pycache__", "build", "dist"}


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root of the repository, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the parsed file."""
        return list(ast.walk(self.tree))

    @property
    def inside(self) -> str:
        """The path within the package, or the whole path outside of it."""
        return self.path.removeprefix(PACKAGE)

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        dotted = self.path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        return dotted.removesuffix(".__init__")


@cache
def tracked() -> list[str]:
    """List the files that git tracks or would track; every file where there is no git."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listing = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not _NOT_OURS.intersection(path.relative_to(ROOT).parts)
        ]
    return sorted(path for path in set(listing) if (ROOT / path).is_file())


@cache
def texts() -> dict[str, str]:
    """Read every tracked file that is text."""
    found = {}
    for path in tracked():
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw:
            found[path] = raw.decode("utf-8", "replace")
    return found


@cache
def sources(under: str) -> list[Source]:
    """List the Python files under a folder."""
    return [
        Source(path, text)
        for path, text in texts().items()
        if path.startswith(under) and path.endswith(".py")
    ]


def product() -> list[Source]:
    """List the files of the package."""
    return sources(PACKAGE)


def suites() -> list[Source]:
    """List the files of the tests."""
    return sources("tests/")


def everything() -> list[Source]:
    """List every Python file of the repository."""
    return sources("")
