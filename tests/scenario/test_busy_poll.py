"""A trader that polls trades as one that sleeps, in both ways of keeping intents."""

from pathlib import Path

import pytest

from tests.scenario.kit import holdfast


@pytest.mark.parametrize("durability", ["before-send", "with-send"])
def test_a_polling_trader_trades_and_ends_in_order(tmp_path: Path, durability: str) -> None:
    (tmp_path / "c.toml").write_text(
        f'[performance]\nbusy_poll = true\n[journal]\nintent_durability = "{durability}"\n'
    )
    result = holdfast(
        "run", "--config", "c.toml", "--journal", "j.db", "--for", "60s", "--speed", "max",
        "--json", cwd=tmp_path,
    ).json  # fmt: skip
    assert result["orders"]["filled"] == result["fills"] > 0
    assert result["orders"]["unknown"] == 0
    state = holdfast("journal", "state", "j.db", "--json", cwd=tmp_path).json
    assert state["state_hash"] == result["journal"]["state_hash"]
