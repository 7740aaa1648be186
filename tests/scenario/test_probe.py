"""The probe against the simulated exchange: what is believed of the venue, by cases (XCH-1).

That the simulator agrees proves the probe; what it proves of the venue, only the venue can say.
"""

import json
from pathlib import Path

import pytest

from tests.scenario import kit


@pytest.mark.parametrize("product", ["spot", "usdm"])
def test_every_case_is_run_and_written_down_with_its_verdict(
    product: str, tmp_path: Path
) -> None:
    out = tmp_path / "evidence.json"
    with kit.exchange("--symbol", f"{product}:BTCUSDT", "--speed", "1", cwd=tmp_path) as url:
        done = kit.holdfast(
            "venue", "probe", "--venue-url", url, "--product", product, "--out", out,
            cwd=tmp_path,
        )  # fmt: skip
    assert done.code == 0, done.err
    evidence = json.loads(out.read_text())
    verdicts = {case["name"]: case["verdict"] for case in evidence["cases"]}
    assert {"clock", "book", "rests", "twice", "fills"} <= verdicts.keys()
    assert set(verdicts.values()) <= {"holds", "unproved"}
    assert sum(verdict == "holds" for verdict in verdicts.values()) >= 13
    assert len(done.err.splitlines()) == len(verdicts)


def test_a_venue_that_differs_is_found_out_and_is_the_exit_code(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\nkind = "order_answer_lost"\ncount = 1\n')
    with kit.exchange("--speed", "1", "--faults", faults, cwd=tmp_path) as url:
        done = kit.holdfast("venue", "probe", "--venue-url", url, "--json", cwd=tmp_path)
    assert done.code == 1
    verdicts = {case["name"]: case["verdict"] for case in json.loads(done.out)["cases"]}
    assert verdicts["rests"] == "differs"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--venue-url", "http://example.com:1"), 2, "a simulator is on this machine"),
        (("--testnet",), 2, "needs a key"),
        (("--venue-url", "http://127.0.0.1:9"), 1, "no connection"),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    told, line = kit.refused("venue", "probe", *arguments, cwd=tmp_path)
    assert told == code
    assert said in line
