"""The configuration: what is wrong is named with its file, its key and what would be right."""

from pathlib import Path

import pytest

from holdfast.errors import ConfigError
from holdfast.runtime.config import Config, load_config


def read(folder: Path, text: str) -> Config:
    path = folder / "c.toml"
    path.write_text(text)
    return load_config(path)


def wrong(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    line = str(caught.value)
    assert line.startswith(f"{folder / 'c.toml'}: ")
    assert "\n" not in line
    return line.removeprefix(f"{folder / 'c.toml'}: ")


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Config()


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        'mode = "replay"\naccount = "a"\nsymbols = ["BTCUSDT"]\nseed = 7\n'
        '[[strategies]]\npath = "s.py:S"\nname = "mine"\n[strategies.parameters]\nfast = 3\n'
        '[venue]\nrecv_window_ms = 1000\n[journal]\nintent_durability = "with-send"\n',
    )
    assert (config.mode, config.account, config.seed) == ("replay", "a", 7)
    assert config.strategies[0].parameters == {"fast": 3}
    assert config.venue.recv_window_ms == 1000
    assert config.journal.intent_durability == "with-send"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("moode = 1", "unknown key 'moode'; known here: mode, account,"),
        ("[venue]\nkey = 1", "unknown key 'venue.key'; known here: url, api_key,"),
        ("[journal]\nfile = 1", "unknown key 'journal.file'; known here: path,"),
        ("[limits]\nspeed = 1", "unknown key 'limits.speed'; known here: "),
        ("[[strategies]]\npath = 'x'\nspeed = 1", "known here: path, name, parameters"),
        ("mode = 'alive'", "mode: invalid enum value 'alive'"),
        ("seed = 'x'", "seed: expected `int`, got `str`"),
        ("symbols = [1]", "symbols[0]: expected `str`, got `int`"),
        ("[[strategies]]\nname = 'x'", "strategies[0]: object missing required field `path`"),
        ("[venue]\nrecv_window_ms = 0", "venue.recv_window_ms: expected `int` >= 1"),
        ("[venue]\nrecv_window_ms = 60001", "venue.recv_window_ms: expected `int` <= 60000"),
        ("account = ''", "account: expected `str` of length >= 1"),
        ("mode = ", "not valid TOML: "),
    ],
)
def test_each_wrong_key_and_value_has_its_line(tmp_path: Path, text: str, line: str) -> None:
    assert line in wrong(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load_config(tmp_path)
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        load_config(tmp_path / "c.toml")
