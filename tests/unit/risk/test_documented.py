"""The page about risk says what the gates and the limits are."""

import re
from pathlib import Path

from holdfast.risk.limits import Limits
from holdfast.risk.standard import STANDARD

PAGE = (Path(__file__).parents[3] / "docs/risk.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Give the cells of a table by the first words of its head."""
    table = PAGE.split(f"| {heading} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_every_gate_is_documented_with_what_it_is_asked_about() -> None:
    asked = {(True, True): "both", (True, False): "intents", (False, True): "orders"}
    assert [row[:3] for row in rows("gate")] == [
        [f"`{g.name}`", asked[g.intents, g.orders], "obey" if g.reductions else "pass"]
        for g in STANDARD
    ]


def test_every_limit_is_documented_with_its_default() -> None:
    limits = Limits()
    names = [re.sub("`", "", row[0]) for row in rows("key")]
    assert tuple(names) == Limits.__struct_fields__
    for name, row in zip(names, rows("key"), strict=True):
        if name != "rates":
            assert row[1] == f"`{getattr(limits, name)}`"
