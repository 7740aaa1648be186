"""Accounts of the simulator: who they are, their keys, and what they hold.

The demonstration account's keys are published here on purpose: they open nothing but this
simulator. It starts with 100,000 of each quote asset of spot symbols and base assets worth
about 10,000 at the market's first price, and with 100,000 of each margin asset in its futures
wallet.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from holdfast.errors import ConfigError
from holdfast.simexchange.model import Balance, OwnTrade, SimOrder, SymbolRules
from holdfast.simexchange.numbers import E8, parse_e8
from holdfast.simexchange.rights import Rights, check_addresses

if TYPE_CHECKING:
    from holdfast.simexchange.requests import Amendment, OrderList, PreventedMatch

DEMO_NAME = "demo"
DEMO_API_KEY = "holdfast-demonstration-key-hmac"
DEMO_SECRET = "holdfast-demonstration-secret-of-the-simulator"
DEMO_READ_API_KEY = "holdfast-demonstration-key-read"
DEMO_READ_SECRET = "holdfast-demonstration-secret-of-the-reader"
DEMO_ED25519_API_KEY = "holdfast-demonstration-key-ed25519"
DEMO_ED25519_PRIVATE_KEY = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJPsgLs/CX0Uoa7T+KJBt4XH9AQ3fa1JzXU83gTOG+bO
-----END PRIVATE KEY-----
"""
"""A demonstration key of the simulator, published, worth nothing anywhere else."""
DEMO_ED25519_PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAP+BUwDuKSIEL8HDO5pHXhOjT+5MosJcUJhkubZTlex4=
-----END PUBLIC KEY-----
"""
_DEMO_QUOTE = 100_000 * E8
_DEMO_BASE_WORTH = 10_000 * E8


Permissions = Literal["read", "trade"]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key: `secret` is the HMAC secret, or the Ed25519 public key as PEM text.

    A key that may only read asks and listens; it neither places nor cancels an order. One
    that is bound to `addresses` is good from nowhere else.
    """

    api_key: str
    kind: Literal["hmac", "ed25519"]
    secret: str
    permissions: Permissions = "trade"
    rights: Rights = Rights()
    addresses: tuple[str, ...] = ()


class AccountSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is opened; amounts and rates are counts of 10^-8."""

    name: str
    keys: tuple[ApiKey, ...]
    balances: dict[str, int]
    maker_rate: int | None = None
    taker_rate: int | None = None
    futures_balances: dict[str, int] = {}
    trade_group_id: int = -1
    max_assets: dict[str, int] = {}


class Holdings:
    """What one account has: free and locked amounts, orders, executions.

    No amount of a spot asset is ever below zero; `changed` collects the assets that an event
    touches until it is reported. `shared` names the orders that one lock pays for together.
    """

    __slots__ = (
        "amendments",
        "by_client_id",
        "changed",
        "free",
        "lists",
        "locked",
        "locks",
        "open",
        "open_lists",
        "orders",
        "prevented",
        "shared",
        "spec",
        "trades",
        "updated_ns",
    )

    def __init__(self, spec: AccountSpec) -> None:
        self.spec = spec
        self.free: dict[str, int] = dict(spec.balances)
        self.locked: dict[str, int] = dict.fromkeys(spec.balances, 0)
        self.locks: dict[int, tuple[str, int]] = {}
        self.orders: dict[str, dict[int, SimOrder]] = {}
        self.open: dict[str, dict[int, SimOrder]] = {}
        self.by_client_id: dict[tuple[str, str], SimOrder] = {}
        self.trades: dict[str, list[OwnTrade]] = {}
        self.changed: dict[str, None] = {}
        self.updated_ns = 0
        self.shared: dict[int, list[SimOrder]] = {}
        self.lists: dict[int, OrderList] = {}
        self.open_lists: dict[int, OrderList] = {}
        self.prevented: list[PreventedMatch] = []
        self.amendments: dict[int, list[Amendment]] = {}

    def total(self, asset: str) -> int:
        """Return free plus locked."""
        return self.free.get(asset, 0) + self.locked.get(asset, 0)

    def add(self, asset: str, amount: int) -> None:
        """Change the free amount."""
        self.free[asset] = self.free.get(asset, 0) + amount
        self.locked.setdefault(asset, 0)
        self.changed[asset] = None

    def lock(self, order_id: int, asset: str, *, amount: int) -> None:
        """Set what an order locks, giving back what it locked before; 0 ends the lock."""
        _, before = self.locks.pop(order_id, (asset, 0))
        if amount:
            self.locks[order_id] = (asset, amount)
        if amount != before:
            self.add(asset, before - amount)
            self.locked[asset] += amount - before

    def open_orders(self) -> Iterator[SimOrder]:
        """Yield the open orders of all symbols."""
        for orders in self.open.values():
            yield from orders.values()

    def balance(self, asset: str) -> Balance:
        """Return one asset's balance."""
        return Balance(asset, self.free.get(asset, 0), self.locked.get(asset, 0))


def demonstration_account(symbols: Mapping[str, SymbolRules]) -> AccountSpec:
    """Return the account that exists unless an accounts file says otherwise."""
    balances: dict[str, int] = {}
    futures_balances: dict[str, int] = {}
    for rules in symbols.values():
        if rules.product == "linear":
            futures_balances[rules.quote] = _DEMO_QUOTE
            continue
        balances.setdefault(rules.quote, _DEMO_QUOTE)
        if rules.base not in balances and rules.first_price:
            worth = _DEMO_BASE_WORTH * E8 // rules.first_price
            balances[rules.base] = worth - worth % rules.step
    return AccountSpec(
        name=DEMO_NAME,
        keys=(
            ApiKey(api_key=DEMO_API_KEY, kind="hmac", secret=DEMO_SECRET),
            ApiKey(
                api_key=DEMO_ED25519_API_KEY, kind="ed25519", secret=DEMO_ED25519_PUBLIC_KEY
            ),
            ApiKey(
                api_key=DEMO_READ_API_KEY,
                kind="hmac",
                secret=DEMO_READ_SECRET,
                permissions="read",
            ),
        ),
        balances=balances,
        futures_balances=futures_balances,
    )


class _KeyEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One key of an accounts file."""

    api_key: str
    secret: str = ""
    ed25519_public_key: str = ""
    permissions: Permissions = "trade"
    rights: Rights = Rights()
    addresses: list[str] = []


class _AccountEntry(_KeyEntry, forbid_unknown_fields=True, kw_only=True):
    """An account of an accounts file, with its first key; numbers are text."""

    name: str
    balances: dict[str, str]
    futures_balances: dict[str, str] = {}
    keys: list[_KeyEntry] = []
    maker: str = ""
    taker: str = ""
    trade_group: int = -1
    max_assets: dict[str, str] = {}


class _AccountsFile(msgspec.Struct, forbid_unknown_fields=True):
    accounts: list[_AccountEntry]


def load_accounts(path: Path) -> list[AccountSpec]:
    """Read an accounts file, TOML or (with a name that ends in .json) JSON.

    It has a list `accounts`, each with `name`, `api_key`, `secret` (HMAC) or
    `ed25519_public_key` (PEM), `balances` (asset = "amount"), and if it likes
    `futures_balances` (the margin wallets of USD-M, in the same form), `permissions`
    ("read" or "trade", which is the default), `rights` (those of `Rights`, under the venue's
    names), `addresses` (from which alone the key is good), further `keys` with these fields,
    `maker` and `taker` (fee rates as fractions, in quotes), `trade_group` (accounts of one
    group do not trade with each other) and `max_assets` (the most of an asset in one order).
    """
    try:
        entries = msgspec.convert(_parse(path), _AccountsFile).accounts
    except msgspec.ValidationError as error:
        raise ConfigError(f"accounts file {path}: {error}") from error
    if not entries:
        raise ConfigError(f"accounts file {path}: no account in it, at least one is needed")
    specs = [_spec(path, entry) for entry in entries]
    for what, names in (
        ("name", [entry.name for entry in entries]),
        ("api_key", [key.api_key for spec in specs for key in spec.keys]),
    ):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigError(f"accounts file {path}: {what} {min(twice)!r} stands there twice")
    return specs


def _parse(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"accounts file {path} cannot be read: {error}") from error
    except RecursionError:
        raise ConfigError(f"accounts file {path}: nested too deeply") from None


def _spec(path: Path, entry: _AccountEntry) -> AccountSpec:
    where = f"accounts file {path}: account {entry.name!r}"
    if not entry.name.strip() or not entry.name.isprintable():
        raise ConfigError(f"{where}: a name of printable characters is needed")
    for what, amounts in (("balance", entry.balances), ("max_assets", entry.max_assets)):
        for asset, text in amounts.items():
            if text.startswith("-"):
                raise ConfigError(f"{where}: {what} {asset} {text!r} is below zero")
    try:
        return AccountSpec(
            name=entry.name,
            keys=tuple(_key(where, key) for key in (entry, *entry.keys)),
            balances={asset: parse_e8(text) for asset, text in entry.balances.items()},
            futures_balances={
                asset: parse_e8(text) for asset, text in entry.futures_balances.items()
            },
            maker_rate=parse_e8(entry.maker) if entry.maker else None,
            taker_rate=parse_e8(entry.taker) if entry.taker else None,
            trade_group_id=entry.trade_group,
            max_assets={name: parse_e8(text) for name, text in entry.max_assets.items()},
        )
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _key(where: str, entry: _KeyEntry) -> ApiKey:
    if bool(entry.secret) == bool(entry.ed25519_public_key):
        raise ConfigError(
            f"{where}: key {entry.api_key!r} needs either secret or ed25519_public_key"
        )
    return ApiKey(
        api_key=entry.api_key,
        kind="hmac" if entry.secret else "ed25519",
        secret=entry.secret or entry.ed25519_public_key,
        permissions=entry.permissions,
        rights=entry.rights,
        addresses=check_addresses(entry.addresses),
    )
