"""Keys: the demonstration key, or a file that nobody else can read."""

from pathlib import Path

import pytest

from holdfast.errors import ConfigError
from holdfast.runtime.config import VenueEntry
from holdfast.runtime.credentials import DEMO, credentials_of, live_credentials
from holdfast.venues.binance.options import Credentials


def entry(folder: Path, text: str = "s3cret\n", *, mode: int = 0o600) -> VenueEntry:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return VenueEntry(api_key="key", secret_file=str(path))


def test_without_a_key_it_is_the_demonstration_account() -> None:
    assert credentials_of(VenueEntry()) == DEMO


def test_a_secret_is_read_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    found = credentials_of(entry(tmp_path))
    assert (found.api_key, found.secret) == ("key", "s3cret")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        credentials_of(entry(tmp_path, mode=mode))


def test_half_a_key_a_missing_file_and_an_empty_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="belong together"):
        credentials_of(VenueEntry(api_key="key"))
    with pytest.raises(ConfigError, match="none"):
        credentials_of(VenueEntry(api_key="key", secret_file=str(tmp_path / "none")))
    with pytest.raises(ConfigError, match="is empty"):
        credentials_of(entry(tmp_path, " \n"))


def test_a_live_key_comes_from_the_environment_when_the_configuration_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_API_KEY", "key")
    monkeypatch.setenv("HOLDFAST_SECRET", "hidden")
    assert live_credentials(VenueEntry()) == Credentials("key", "hidden")
    monkeypatch.delenv("HOLDFAST_SECRET")
    with pytest.raises(ConfigError, match="HOLDFAST_API_KEY and HOLDFAST_SECRET"):
        live_credentials(VenueEntry())
