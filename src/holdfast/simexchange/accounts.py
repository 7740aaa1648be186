"""Accounts of the simulator: who they are, their keys, and what they hold."""

from typing import Literal

import msgspec


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key: `secret` is the HMAC secret, or the Ed25519 public key as PEM text."""

    api_key: str
    kind: Literal["hmac", "ed25519"]
    secret: str


class AccountSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is opened; amounts and rates are counts of 10^-8."""

    name: str
    keys: tuple[ApiKey, ...]
    balances: dict[str, int]
    maker_rate: int | None = None
    taker_rate: int | None = None
