"""Privileged callers: the tree obeys, and every rule is seen to fail on a planted violation."""

from collections.abc import Callable

import pytest

from tests.tidy import privileges, tables
from tests.tidy.tree import Source, product, suites

Rule = Callable[[Source], list[str]]
PRODUCT: list[tuple[Rule, str]] = [
    (privileges.makers, "order = Approved(1)\n"),
    (privileges.makers, "order = approval.Approved(1)\n"),
    (privileges.broad_excepts, "try:\n    f()\nexcept:\n    g()\n"),
    (privileges.broad_excepts, "try:\n    f()\nexcept Exception:\n    g()\n"),
    (privileges.broad_excepts, "try:\n    f()\nexcept (OSError, BaseException):\n    g()\n"),
    (privileges.broad_excepts, "with contextlib.suppress(Exception):\n    f()\n"),
    (privileges.clock_callers, "import time\n"),
    (privileges.clock_callers, "from time import monotonic_ns\n"),
    (privileges.clock_callers, "at = datetime.now(UTC)\n"),
    (privileges.clock_callers, "at = datetime.date.today()\n"),
    (privileges.clock_callers, "at = asyncio.get_running_loop().time()\n"),
    (privileges.clock_callers, "at = self._loop.time()\n"),
    (privileges.random_makers, "import random\n"),
    (privileges.random_makers, "from uuid import uuid4\n"),
    (privileges.random_makers, "key = os.urandom(8)\n"),
    (privileges.opened_files, "open('x')\n"),
]
TESTS: list[tuple[Rule, str]] = [
    (privileges.broad_excepts, "try:\n    f()\nexcept Exception:\n    g()\n"),
    (privileges.patches, "from unittest.mock import patch\n"),
    (privileges.patches, "from unittest import mock\n"),
    (privileges.patches, "def test_a(mocker): ...\n"),
    (privileges.patches, "def f(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)\n"),
    (privileges.unchecked_tests, "def test_a():\n    f()\n"),
    (privileges.unchecked_tests, "class TestA:\n    async def test_a(self):\n        f()\n"),
]


def _short(value: Rule | str) -> str:
    return value[:30] if isinstance(value, str) else value.__name__


@pytest.mark.parametrize("rule", dict(PRODUCT), ids=lambda rule: rule.__name__)
def test_only_the_named_files_of_the_product_use_a_privilege(rule: Rule) -> None:
    findings = [finding for source in product() for finding in rule(source)]
    assert not findings, "\n".join([rule.__doc__ or "", *findings])


@pytest.mark.parametrize("rule", dict(TESTS), ids=lambda rule: rule.__name__)
def test_every_test_obeys_the_rule(rule: Rule) -> None:
    findings = [finding for source in suites() for finding in rule(source)]
    assert not findings, "\n".join([rule.__doc__ or "", *findings])


@pytest.mark.parametrize(("rule", "text"), PRODUCT + TESTS, ids=_short)
def test_a_planted_use_of_a_privilege_is_found(rule: Rule, text: str) -> None:
    assert rule(Source("src/holdfast/domain/planted.py", text))


def test_a_test_that_checks_by_a_named_check_passes() -> None:
    by_name = "def test_a():\n    check_books(f())\n"
    by_raise = "def test_b():\n    with raises(E):\n        f()\n"
    assert (
        privileges.unchecked_tests(Source("tests/unit/test_planted.py", by_name + by_raise))
        == []
    )


def test_a_test_whose_own_function_checks_passes() -> None:
    text = (
        "def _same(a):\n    assert a\ndef _all(a):\n    _same(a)\ndef test_a():\n    _all(1)\n"
    )
    assert privileges.unchecked_tests(Source("tests/unit/test_planted.py", text)) == []


@pytest.mark.parametrize("path", sorted(tables.CLOCK | tables.RANDOM | tables.BROAD_EXCEPT))
def test_a_named_file_may_use_its_privilege(path: str) -> None:
    text = "import time\nimport random\ntry:\n    f()\nexcept Exception:\n    g()\n"
    source = Source(f"src/holdfast/{path}", text)
    rules = (privileges.clock_callers, privileges.random_makers, privileges.broad_excepts)
    assert sum(not rule(source) for rule in rules) == 1
