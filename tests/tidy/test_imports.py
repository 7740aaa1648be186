"""Who imports whom: the contracts hold, and break when they are violated on purpose."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tidy import imports
from tests.tidy.tree import ROOT, Source, product, suites

Rule = Callable[[Source], list[str]]
PLANTED: list[tuple[Rule, str, str]] = [
    (imports.core_dependencies, "gateway/planted.py", "from picows import ws_connect\n"),
    (imports.core_dependencies, "domain/planted.py", "def f():\n    import orjson\n"),
    (imports.core_dependencies, "traffic/planted.py", "import redis\n"),
    (imports.off_the_edge, "traffic/planted.py", "from concurrent import futures\n"),
    (imports.off_the_edge, "execution/planted.py", "from asyncio import Queue\n"),
    (imports.off_the_edge, "venues/binance/rest.py", "import urllib.request\n"),
    (imports.off_the_edge, "gateway/planted.py", "def f():\n    import socket\n"),
    (imports.impure_wires, "venues/binance/wire.py", "import asyncio\n"),
    (imports.impure_wires, "venues/binance/wire/order.py", "from socket import socket\n"),
    (imports.paper_sockets, "venues/paper/adapter.py", "import holdfast.simexchange.server\n"),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in PLANTED))
BROKEN = [
    ("market/planted.py", "import holdfast.risk\n"),
    ("domain/planted.py", "import holdfast.journal\n"),
    ("domain/planted.py", "import socket\n"),
    ("risk/planted.py", "import threading\n"),
    ("execution/planted.py", "import aiohttp\n"),
    ("traffic/planted.py", "import aiohttp\n"),
    ("traffic/planted.py", "import holdfast.runtime\n"),
    ("recording/planted.py", "import holdfast.testing\n"),
    ("simexchange/planted.py", "import holdfast.domain\n"),
    ("simexchange/planted.py", "import holdfast.traffic\n"),
    ("venues/binance/planted.py", "import holdfast.simexchange\n"),
    ("venues/paper/planted.py", "import holdfast.venues.binance\n"),
    ("runtime/planted.py", "import holdfast.testing\n"),
    ("reports/planted.py", "import holdfast.cli\n"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_obeys_the_rule_of_imports(rule: Rule) -> None:
    findings = [finding for source in product() for finding in rule(source)]
    assert not findings, "\n".join([rule.__doc__ or "", *findings])


@pytest.mark.parametrize(
    ("rule", "path", "text"), PLANTED, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_planted_import_is_found(rule: Rule, path: str, text: str) -> None:
    assert rule(Source(f"src/holdfast/{path}", text))


def test_every_module_is_imported_by_something() -> None:
    findings = imports.unused_modules(product(), suites=suites())
    assert not findings, "\n".join(findings)


def test_a_module_that_only_itself_names_is_found() -> None:
    lonely = Source("src/holdfast/domain/lonely.py", "X = 'holdfast.domain.lonely'\n")
    friend = Source("src/holdfast/domain/friend.py", "from holdfast.domain import other\n")
    other = Source("src/holdfast/domain/other.py", "from . import friend\n")
    assert imports.unused_modules([lonely, friend, other], suites=[]) == [
        "src/holdfast/domain/lonely.py: nothing imports it"
    ]


def test_the_import_contracts_hold() -> None:
    verdict = _lint(ROOT)
    assert verdict.returncode == 0, verdict.stdout


@pytest.mark.parametrize(("path", "text"), BROKEN)
def test_a_contract_breaks_when_violated_on_purpose(
    tmp_path: Path, path: str, text: str
) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in (ROOT / "src/holdfast").rglob("__init__.py"):
        copy = tmp_path / package.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text('"""An empty package."""\n')
    (tmp_path / "src/holdfast" / path).write_text(text)
    verdict = _lint(tmp_path)
    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    assert "BROKEN" in verdict.stdout


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; sys.path.insert(0, 'src'); "
        "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
