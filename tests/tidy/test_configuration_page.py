"""The page about the configuration has every key and default, and examples that are read."""

import json
import re
import tomllib
from typing import get_args, get_type_hints

import msgspec
import pytest

from holdfast.risk.limits import Limits
from holdfast.runtime.config import (
    Config,
    GuardsEntry,
    JournalEntry,
    PerformanceEntry,
    StrategyEntry,
    VenueEntry,
)
from holdfast.runtime.credentials import KEY_VARIABLE, SECRET_VARIABLE
from holdfast.runtime.key_check import KeyOverride
from tests.tidy.tree import texts

PAGE = texts()["docs/configuration.md"]
TABLES: dict[str, type[msgspec.Struct]] = {
    "Top level": Config,
    "`[[strategies]]`": StrategyEntry,
    "`[venue]`": VenueEntry,
    "`[venue.key_override]`": KeyOverride,
    "`[journal]`": JournalEntry,
    "`[limits]`": Limits,
    "`[guards]`": GuardsEntry,
    "`[performance]`": PerformanceEntry,
}
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
UNITS = {"ms": "ms", "s": "s", "bps": "bps", "ppm": "millionths"}


def rows(title: str) -> dict[str, list[str]]:
    """Give a table by its keys."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def said(default: object) -> str:
    """Say a default as the page does."""
    if default is msgspec.NODEFAULT:
        return "required"
    if isinstance(default, msgspec.Struct):
        return "table"
    return "none" if default is None else f"`{json.dumps(default)}`"


def defaults(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Give the defaults of a struct by its keys."""
    return {
        field.name: said(
            field.default
            if field.default_factory is msgspec.NODEFAULT
            else field.default_factory()
        )
        for field in msgspec.structs.fields(struct)
    }


@pytest.mark.parametrize("title", TABLES)
def test_a_table_has_every_key_with_its_default_a_unit_and_a_meaning(title: str) -> None:
    table = rows(title)
    assert {key: row[0] for key, row in table.items()} == defaults(TABLES[title])
    assert all(row[2] for row in table.values())
    for key, row in table.items():
        unit = UNITS.get(key.rpartition("_")[2])
        assert unit is None or row[1] == unit, f"{title}: {key} is in {unit}"


def test_no_part_of_the_configuration_lacks_a_table() -> None:
    parts = {
        each
        for hint in get_type_hints(Config).values()
        for each in (hint, *get_args(hint))
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
    }
    assert parts | {Config, KeyOverride} == set(TABLES.values())


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_is_a_configuration(number: int) -> None:
    config = msgspec.convert(tomllib.loads(EXAMPLES[number]), Config)
    assert config != Config()


def test_the_environment_variables_and_what_replay_refuses_are_named() -> None:
    assert f"`{KEY_VARIABLE}`" in PAGE
    assert f"`{SECRET_VARIABLE}`" in PAGE
    assert "Replay refuses `hedge`" in PAGE


def test_readme_and_quickstart_lead_to_the_page() -> None:
    assert "(docs/configuration.md)" in texts()["README.md"]
    assert "(configuration.md)" in texts()["docs/quickstart.md"]
