"""Loading a user's strategy: what works, and one clear line for everything that does not."""

from hashlib import sha256
from pathlib import Path

import pytest

from holdfast.decision.load import load_strategy
from holdfast.errors import StrategyLoadError
from holdfast.runtime.supervise import guard_loading

GOOD = """
from holdfast import Strategy


class Mine(Strategy):
    bars = ("1m", "15s")
    symbols = ("BTCUSDT",)


class Other(Strategy):
    pass
"""


def load(reference):
    return load_strategy(
        reference, read=lambda path: Path(path).read_bytes(), guard=guard_loading
    )


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "mine.py"
        path.write_text(text)
        return str(path)

    return write


def test_a_class_of_a_file_is_loaded_with_the_digest_of_its_source(write):
    path = write(GOOD)
    loaded = load(f"{path}:Mine")
    assert type(loaded.strategy).__name__ == loaded.name == "Mine"
    assert loaded.path == path
    assert loaded.source_digest == sha256(GOOD.encode()).hexdigest()
    assert loaded.intervals_ns == (60_000_000_000, 15_000_000_000)


def test_a_class_of_an_installed_module_is_loaded_by_its_name():
    loaded = load("holdfast.examples.trend:Trend")
    assert loaded.name == "Trend"
    assert loaded.path.endswith("trend.py")


def test_a_file_may_import_what_lies_beside_it(tmp_path):
    (tmp_path / "beside_it.py").write_text("WORD = 'BTCUSDT'\n")
    path = tmp_path / "strategy_with_neighbour.py"
    path.write_text(
        "from beside_it import WORD\nfrom holdfast import Strategy\n"
        "class Mine(Strategy):\n    symbols = (WORD,)\n"
    )
    assert load(f"{path}:Mine").strategy.symbols == ("BTCUSDT",)


def test_two_files_of_one_name_do_not_meet(tmp_path):
    found = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "same.py"
        path.write_text(GOOD.replace("BTCUSDT", folder.upper()))
        found.append(load(f"{path}:Mine").strategy.symbols)
    assert found == [("ONE",), ("TWO",)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = (\n", "mine.py, line 1: not valid Python: '(' was never closed"),
        ("import no_such_module\n", "importing it raised ModuleNotFoundError: No module named"),
        ("raise BaseException('odd')\n", "importing it raised BaseException: odd (mine.py:1)"),
        ("x = 1\x00\n", "mine.py: not valid Python: source code string cannot contain null"),
        (
            GOOD.replace("symbols =", "def __init__(self): raise SystemExit(0)\n    x ="),
            "mine.py: Mine() called sys.exit; a strategy's file only defines classes",
        ),
        (
            GOOD.replace("symbols =", "ready = property(lambda self: 1 / 0)\n    x ="),
            "mine.py: Mine: what it declares cannot be read: ZeroDivisionError: division",
        ),
        ("1 / 0\n", "importing it raised ZeroDivisionError: division by zero (mine.py:1)"),
        (
            "raise SystemExit(3)\n",
            "importing it called sys.exit; a strategy's file only defines",
        ),
        ("x = 1\n", "mine.py: no class Mine; it has no strategy"),
        (GOOD.replace("Mine", "Yours"), "mine.py: no class Mine; it has Other, Yours"),
        ("class Mine: pass\n", "mine.py: Mine is no subclass of holdfast.Strategy"),
        ("from holdfast import Strategy\nMine = Strategy\n", "Mine is no subclass"),
        (
            GOOD.replace("symbols =", "def __init__(self, a): pass\n    x ="),
            "mine.py: Mine() raised TypeError: Mine.__init__() missing 1 required",
        ),
        (GOOD.replace('("BTCUSDT",)', '"BTCUSDT"'), "Mine.symbols is 'BTCUSDT'; write a tuple"),
        (GOOD.replace('"1m"', '"1x"'), "Mine.bars: '1x' is no interval; write a number and s"),
        (GOOD.replace('"1m"', '"m"'), "Mine.bars: 'm' is no interval"),
        (GOOD.replace("bars =", "ready ="), "Mine.ready is ('1m', '15s'); write True or False"),
        (GOOD.replace("bars =", "stop ="), "Mine.stop is the name of a callback; give what"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(write, text, line):
    with pytest.raises(StrategyLoadError) as raised:
        load(f"{write(text)}:Mine")
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        ("mine.py", "strategy 'mine.py': write it as FILE.py:Class"),
        (":Mine", "strategy ':Mine': write it as FILE.py:Class"),
        ("mine.py:", "strategy 'mine.py:': write it as FILE.py:Class"),
        ("mine.py:a b", "strategy 'mine.py:a b': write it as FILE.py:Class"),
        ("absent/mine.py:Mine", "absent/mine.py: No such file or directory"),
        ("no.such.module:Mine", "no such file or module; write it as FILE.py:Class"),
        ("mine.txt:Mine", "no such file or module; write it as FILE.py:Class"),
        ("./mine:Mine", "no such file or module; write it as FILE.py:Class"),
    ],
)
def test_a_reference_that_leads_nowhere_says_its_form(reference, line):
    with pytest.raises(StrategyLoadError) as raised:
        load(reference)
    assert line in str(raised.value)
