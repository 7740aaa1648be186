"""The configuration: one TOML file, typed, with unknown keys refused by name.

Every value has a default; the command line overrides the file. Times are seconds unless the
name says otherwise, amounts are decimal text.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from holdfast.errors import ConfigError
from holdfast.risk.limits import Count, Limits
from holdfast.runtime.key_check import KeyOverride

GREATEST_SEED = 2**63 - 1
Mode = Literal["paper", "replay", "live"]


class StrategyEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A strategy to run: `FILE.py:Class`, its name in reports, and its own parameters."""

    path: str
    name: str = ""
    parameters: dict[str, Any] = {}


class VenueEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How to reach the venue; empty credentials mean the simulator's demonstration account.

    The order counts are the venue's own for this account; the gateway stays below them.
    `network` is where live trading goes, unless `rest`, `ws` and `ws_api` name other doors;
    `real_money` has to be said for anything but a test network and loopback. What is left empty
    of the settings of contracts is taken as the account has it; `set_contracts` has the venue
    told of the rest.
    """

    url: str = ""
    api_key: str = ""
    secret_file: str = ""
    recv_window_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 5_000
    orders_per_10s_count: Count = 100
    orders_per_day_count: Annotated[int, msgspec.Meta(ge=1)] = 200_000
    product: Literal["", "spot", "usdm"] = ""
    network: Literal["", "testnet", "production"] = ""
    rest: str = ""
    ws: str = ""
    ws_api: str = ""
    real_money: bool = False
    position_mode: Literal["", "one-way", "hedge"] = ""
    leverage: Annotated[int, msgspec.Meta(ge=0, le=150)] = 0
    margin_type: Literal["", "cross", "isolated"] = ""
    set_contracts: bool = False
    key_override: KeyOverride | None = None


class JournalEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the journal is kept; `with-send` overlaps the commit with the round trip."""

    path: str = ""
    intent_durability: Literal["before-send", "with-send"] = "before-send"


class GuardsEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What watches over a trader; seconds.

    A way to the venue that is lost for `lost_for_s` has entries and exits canceled. The venue's
    own countdown (USD-M) is `dead_man_s`, 0 for none, begun anew every `heartbeat_s`, and
    guards symbols with a position only when told so. `rates_file` is where the processes of
    this address share the venue's limits; by default one for each host in the state folder.
    """

    lost_for_s: Annotated[float, msgspec.Meta(ge=1, le=3_600)] = 60.0
    dead_man_s: Annotated[int, msgspec.Meta(ge=0, le=3_600)] = 120
    heartbeat_s: Annotated[float, msgspec.Meta(ge=1, le=600)] = 30.0
    dead_man_with_positions: bool = False
    rates_file: str = ""


class PerformanceEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a run may take of the machine; `busy_poll` takes a core and never sleeps on it."""

    busy_poll: bool = False


class Config(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Everything that a run can be told."""

    mode: Mode = "paper"
    account: Annotated[str, msgspec.Meta(min_length=1)] = "demo"
    symbols: list[str] = []
    seed: Annotated[int, msgspec.Meta(ge=0, le=GREATEST_SEED)] = 1
    report: str = ""
    strategies: list[StrategyEntry] = []
    venue: VenueEntry = msgspec.field(default_factory=VenueEntry)
    journal: JournalEntry = msgspec.field(default_factory=JournalEntry)
    limits: Limits = msgspec.field(default_factory=Limits)
    guards: GuardsEntry = msgspec.field(default_factory=GuardsEntry)
    performance: PerformanceEntry = msgspec.field(default_factory=PerformanceEntry)


def load_config(path: Path) -> Config:
    """Read a configuration file; `ConfigError` names file, key and what would be right."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; a configuration is a TOML file") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply to be a configuration") from None
    try:
        return msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error))}") from None


def _explain(message: str) -> str:
    """Say a validation error with the key's path first and, for a wrong key, the right ones."""
    where = re.search(r" - at `\$(.*)`$", message)
    text = message[: where.start()] if where else message
    place = where.group(1).lstrip(".") if where else ""
    unknown = re.match(r"Object contains unknown field `(.*)`", text)
    if unknown:
        key = f"{place}.{unknown.group(1)}" if place else unknown.group(1)
        return f"unknown key '{key}'; known here: {', '.join(_known(place))}"
    return f"{place or 'top level'}: {text[0].lower()}{text[1:]}"


def _known(place: str) -> list[str]:
    kinds: dict[str, type[msgspec.Struct]] = {
        "venue": VenueEntry,
        "journal": JournalEntry,
        "limits": Limits,
        "guards": GuardsEntry,
        "performance": PerformanceEntry,
    }
    if place.startswith("strategies"):
        return list(StrategyEntry.__struct_fields__)
    return list(kinds.get(place, Config).__struct_fields__)
