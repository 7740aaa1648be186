"""Sizes and names: the tree obeys, and every rule is seen to fail on a planted violation."""

from collections.abc import Callable

import pytest

from tests.tidy import shape
from tests.tidy.tree import Source, everything

Rule = Callable[[Source], list[str]]
_METHODS = "".join(f"    def ask_{n}(self): ...\n" for n in range(13))
PLANTED: list[tuple[Rule, str]] = [
    (shape.long_files, "x = 1\n" * 401),
    (shape.long_functions, "def f():\n" + "    x = 1\n" * 50),
    (shape.wide_classes, f"class Desk:\n{_METHODS}"),
    (shape.positional_parameters, "def f(a, b, c): ...\n"),
    (shape.positional_parameters, "class A:\n    def f(self, a, b, c): ...\n"),
    (shape.suffix_soup, "class OrderManager: ...\n"),
    (shape.suffix_soup, "class BaseVenue: ...\n"),
    (shape.banned_words, "def f(qty): ...\n"),
    (shape.banned_words, "is_cancelled = True\n"),
    (shape.undocumented_modules, "x = 1\n"),
    (shape.promises, "x = 1  # " + "TO" + "DO: later\n"),
    (shape.pictographs, f"x = '{chr(0x1F680)}'\n"),
]
RULES = list(dict(PLANTED))


def _short(value: Rule | str) -> str:
    return value[:30] if isinstance(value, str) else value.__name__


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_obeys_the_rule_of_shape(rule: Rule) -> None:
    findings = [finding for source in everything() for finding in rule(source)]
    assert not findings, "\n".join([rule.__doc__ or "", *findings])


@pytest.mark.parametrize(("rule", "text"), PLANTED, ids=_short)
def test_a_planted_violation_of_shape_is_found(rule: Rule, text: str) -> None:
    assert rule(Source("src/holdfast/domain/planted.py", text))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_calm_file_passes_every_rule_of_shape(rule: Rule) -> None:
    calm = '"""Quantities."""\n\n\ndef f(quantity, price, *, fee):\n    return quantity\n'
    assert rule(Source("src/holdfast/domain/planted.py", calm)) == []


def test_a_file_with_a_vague_name_is_found() -> None:
    assert shape.suffix_soup(Source("src/holdfast/domain/utils.py", '"""All sorts."""\n'))
