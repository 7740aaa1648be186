"""The trading key of a run: the demonstration key, or one from a file or the environment.

A secret is never an argument of a command line; the file's permissions have to keep it private.
"""

import os
import stat
from pathlib import Path

from holdfast.errors import ConfigError
from holdfast.runtime.config import VenueEntry
from holdfast.venues.binance.options import Credentials

DEMO = Credentials(
    "holdfast-demonstration-key-hmac", "holdfast-demonstration-secret-of-the-simulator"
)
"""Opens nothing but the simulated exchange's demonstration account."""


KEY_VARIABLE = "HOLDFAST_API_KEY"
SECRET_VARIABLE = "HOLDFAST_SECRET"


def live_credentials(venue: VenueEntry) -> Credentials:
    """Give the key of a live run, from the configuration or else from the environment."""
    if venue.api_key or venue.secret_file:
        return credentials_of(venue)
    key, secret = os.environ.get(KEY_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, "")
    if not (key and secret):
        raise ConfigError(
            f"a live venue needs a key: set {KEY_VARIABLE} and {SECRET_VARIABLE}, or "
            "venue.api_key and venue.secret_file (a file of mode 600) in the configuration"
        )
    return Credentials(key, secret)


def credentials_of(venue: VenueEntry) -> Credentials:
    """Give the credentials of a venue entry; `ConfigError` names what is missing or open."""
    if not venue.api_key and not venue.secret_file:
        return DEMO
    if not venue.api_key or not venue.secret_file:
        raise ConfigError("venue: api_key and secret_file belong together; give both or none")
    path = Path(venue.secret_file)
    try:
        mode = path.stat().st_mode
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"venue.secret_file {path}: {error}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"venue.secret_file {path} is open to others; run chmod 600 on it")
    if not secret:
        raise ConfigError(f"venue.secret_file {path} is empty")
    return Credentials(venue.api_key, secret)
