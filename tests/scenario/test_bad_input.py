"""Bad input: one line that says what, where and what would be right; nothing half done."""

import gzip
from pathlib import Path

import pytest

from holdfast.journal.sqlite import SqliteStore
from tests.scenario.kit import QUOTES, exchange, finish, holdfast, needs, refused, start

STRATEGIES = """
from holdfast import Strategy

class Broken(Strategy):
    def __init__(self):
        raise RuntimeError("cannot begin")
"""
TRADES = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time_us"
TRADES += ",is_buyer_maker,is_best_match\n"
ROW = "{},100.5,0.5,{},{},175953600006101{},False,True\n"
ACCOUNT = """
[[accounts]]
name = "{}"
api_key = "k"
secret = "s"
balances = {{BTC = "{}"}}
"""
FILES = {
    "unknown-key.toml": 'mode = "paper"\nspeeed = 1\n',
    "wrong-type.toml": "[limits]\nposition_notional = 5\n",
    "unknown-limit.toml": '[limits]\nposition = "5"\n',
    "unknown-of-strategy.toml": '[[strategies]]\npath = "a.py:A"\nsize = 1\n',
    "broken.toml": "symbols = [\n",
    "half-a-key.toml": '[venue]\napi_key = "abc"\n',
    "owes.toml": ACCOUNT.format("demo", "-5"),
    "lines.toml": ACCOUNT.format("a\\nb", "5"),
    "other.toml": ('[ETHUSDT]\nbase = "ETH"\nquote = "USDT"\ntick = "0.01"\nstep = "0.001"\n'),
    "many.toml": '[[fault]]\nkind = "order_503"\ncount = 99999999999999\n',
    "account.toml": '[[strategies]]\npath = "a.py:A"\nname = "account"\n',
    "two-lines.toml": '[[strategies]]\npath = "a.py:A"\nname = "a\\nb"\n',
    "window.toml": "[venue]\nrecv_window_ms = -5\n",
    "deep.toml": "a = " + "[" * 20_000,
    "deep.json": "[" * 200_000,
    "nul.toml": '[journal]\npath = "a\\u0000b"\n',
    "broken.py": "x = [\n",
    "strategies.py": STRATEGIES,
    "notes.txt": "just words\n",
    "empty.csv": "",
    "existing.db": "not a journal",
}

# What is asked, the exit code, and words that its line has to have.
REFUSED: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "an unknown key": ("run --config unknown-key.toml", 2, ("speeed", "known here: mode")),
    "a wrong type": ("run --config wrong-type.toml", 2, ("limits.position_notional", "`str`")),
    "an unknown limit": ("run --config unknown-limit.toml", 2, ("limits.position",)),
    "an unknown key of a strategy": ("run --config unknown-of-strategy.toml", 2, ("size",)),
    "a torn file": ("run --config broken.toml", 2, ("broken.toml", "TOML")),
    "no such file": ("run --config none.toml", 2, ("none.toml",)),
    "half of a credential": ("run --config half-a-key.toml", 2, ("secret_file",)),
    "a strategy that is no Python": ("run --strategy broken.py:A", 2, ("broken.py, line 1",)),
    "a strategy without a class": ("run --strategy strategies.py", 2, ("FILE.py:Class",)),
    "a class that is not there": ("run --strategy strategies.py:No", 2, ("Broken",)),
    "a strategy that raises": ("run --strategy strategies.py:Broken", 2, ("cannot begin",)),
    "data of no kind": ("run --data notes.txt", 2, ("notes.txt", "aggregated trades")),
    "data without a row": ("run --data empty.csv", 2, ("empty.csv",)),
    "data that is not there": ("run --data no.csv", 2, ("no.csv",)),
    "a truncated file": (
        "run --mode replay --data cut.csv.gz --symbol spot:AAABBB", 2, ("cut",),
    ),
    "a malformed row": (
        "run --mode replay --data bad.csv --symbol spot:AAABBB", 2, ("line 3",),
    ),
    "a malformed row through sockets": (
        "run --data bad.csv --symbol spot:AAABBB --until-end", 2, ("line 3",),
    ),
    "data without a name": ("run --data nameless.csv", 2, ("nameless.csv", "--symbol")),
    "no duration": ("run --for soon", 2, ("--for soon", "60s")),
    "a duration of 400 digits": ("run --for " + "9" * 400 + "d", 2, ("--for 999", "60s")),
    "a duration in other digits": ("run --for \u0663s", 2, ("--for", "60s")),
    "a speed of next to nothing": ("run --speed 1e-300", 2, ("--speed", "max")),
    "a configuration nested deep": ("run --config deep.toml", 2, ("deep.toml", "nested")),
    "accounts nested deep": ("sim serve --accounts deep.json", 2, ("deep.json", "nested")),
    "faults nested deep": ("sim serve --faults deep.json", 2, ("deep.json",)),
    "instruments nested deep": (
        "run --mode replay --instruments deep.json", 2, ("deep.json",),
    ),
    "a journal of 300 letters": ("run --journal " + "x" * 300, 2, ("longer than",)),
    "a journal that is a folder": ("run --journal .", 2, ("folder",)),
    "no byte in a path": ("run --config nul.toml", 2, ("--journal", "printable")),
    "instruments without the symbol": (
        "run --mode replay --instruments other.toml", 2, ("ETHUSDT", "not BTCUSDT"),
    ),
    "a balance below zero": ("sim serve --accounts owes.toml", 2, ("BTC", "below zero")),
    "an account of two lines": ("sim serve --accounts lines.toml", 2, ("a\\nb", "name")),
    "faults without end": ("sim serve --faults many.toml", 2, ("count 1 to",)),
    "a simulator that stands": ("sim serve --speed 1e-300", 2, ("--speed", "max")),
    "a strategy called account": ("run --config account.toml", 2, ("'account'", "another")),
    "a strategy of two lines": ("run --config two-lines.toml", 2, ("a\\nb", "printable")),
    "no window": ("run --config window.toml", 2, ("venue.recv_window_ms",)),
    "no speed": ("run --speed -1", 2, ("--speed", "max")),
    "a venue that is no URL": ("run --venue-url here", 2, ("http://",)),
    "a venue that is not there": ("run --venue-url http://127.0.0.1:9", 1, ("127.0.0.1:9",)),
    "an existing journal": ("run --journal existing.db", 2, ("--resume",)),
    "a journal to resume that is none": (
        "run --mode paper --journal existing.db --resume", 1, ("existing.db", "no journal"),
    ),
    "nothing to resume": ("run --journal no.db --resume", 2, ("no.db",)),
    "no journal to verify": ("journal verify no.db", 3, ("no.db",)),
    "words to verify": ("journal verify notes.txt", 1, ("notes.txt",)),
    "a journal's state of words": ("journal state notes.txt", 1, ("notes.txt",)),
    "words to show": ("journal show notes.txt", 1, ("notes.txt",)),
    "no port": ("sim serve --port 99999", 2, ("99999", "65535")),
    "an accounts file of words": ("sim serve --accounts notes.txt", 2, ("notes.txt",)),
    "a faults file of words": ("sim serve --faults notes.txt", 2, ("notes.txt",)),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    rows = "".join(ROW.format(i, i, i, i) for i in range(1, 9))
    (tmp_path / "nameless.csv").write_text(TRADES + rows)
    (tmp_path / "bad.csv").write_text(TRADES + ROW.format(1, 1, 1, 1) + "2,price\n" + rows)
    whole = gzip.compress((TRADES + rows * 500).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    return tmp_path


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_one_line_and_leaves_nothing_behind(
    name: str, folder: Path
) -> None:
    command, code, words = REFUSED[name]
    before = sorted(path.name for path in folder.iterdir())
    ended, line = refused(*command.split(), cwd=folder)
    assert ended == code, line
    for word in words:
        assert word in line
    after = {path.name for path in folder.iterdir()} - set(before)
    assert after <= {"runs"}, after
    if "--until-end" not in command and "bad.csv" not in command:
        assert not after


@pytest.mark.parametrize("command", ["version --json", "journal verify j.db"])
def test_an_answer_that_cannot_be_written_is_a_failure_in_one_line(
    command: str, tmp_path: Path
) -> None:
    SqliteStore.create(tmp_path / "j.db").close()
    with Path("/dev/full").open("wb") as full:
        process = start(*command.split(), cwd=tmp_path, stdout=full)
        done = finish(process)
    assert done.code == 1
    assert done.err.splitlines() == [
        "holdfast: standard output cannot be written: No space left on device"
    ]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with exchange(cwd=tmp_path) as url:
        port = url.rpartition(":")[2]
        code, line = refused("sim", "serve", "--port", port, cwd=tmp_path)
    assert code == 2
    assert port in line


def test_a_wrong_signature_is_an_authentication_error(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not the secret\n")
    secret.chmod(0o600)
    (tmp_path / "c.toml").write_text(
        '[venue]\napi_key = "holdfast-demonstration-key-hmac"\nsecret_file = "secret"\n'
    )
    with exchange(cwd=tmp_path) as url:
        code, line = refused("run", "--config", "c.toml", "--venue-url", url, cwd=tmp_path)
    assert code == 4
    assert not (tmp_path / "runs").exists()
    assert "signature" in line.lower()


def test_a_key_that_may_not_trade_ends_the_run(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("holdfast-demonstration-secret-of-the-reader\n")
    secret.chmod(0o600)
    (tmp_path / "c.toml").write_text(
        '[venue]\napi_key = "holdfast-demonstration-key-read"\nsecret_file = "secret"\n'
    )
    with exchange(cwd=tmp_path) as url:
        done = holdfast(
            "run", "--config", "c.toml", "--venue-url", url, "--strategy", QUOTES, "--json",
            cwd=tmp_path,
        )  # fmt: skip
    assert done.code == 4, done.err
    assert done.out == ""
    assert "a key that may trade" in done.err.splitlines()[-1]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret\n")
    secret.chmod(0o644)
    (tmp_path / "c.toml").write_text('[venue]\napi_key = "k"\nsecret_file = "secret"\n')
    code, line = refused("run", "--config", "c.toml", cwd=tmp_path)
    assert code == 2
    assert "chmod 600" in line


def test_a_symbol_that_the_venue_has_not_is_named_with_those_it_has(tmp_path: Path) -> None:
    with exchange(cwd=tmp_path) as url:
        code, line = refused("run", "--venue-url", url, "--symbol", "NONE", cwd=tmp_path)
    assert code == 3
    assert "NONE" in line
    assert "BTCUSDT" in line


def test_a_strategy_of_another_symbol_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text(
        "from holdfast import Strategy\n\n\nclass S(Strategy):\n    symbols = ('ETHUSDT',)\n"
    )
    code, line = refused("run", "--strategy", "s.py:S", "--mode", "replay", cwd=tmp_path)
    assert code == 2
    assert not (tmp_path / "runs").exists()
    assert "ETHUSDT" in line
    assert "BTCUSDT" in line


def test_funding_rates_are_no_market(tmp_path: Path) -> None:
    file = needs("funding/binance-usdm-funding-2026-01-12_2026-03-20.csv.gz")
    code, line = refused("run", "--data", file, cwd=tmp_path)
    assert code == 2
    assert "funding" in line
