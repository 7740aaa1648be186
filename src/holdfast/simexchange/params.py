"""Parameters as they came over the wire: text by name, read with the venue's checks.

A parameter is read as text exactly as it was sent; numbers become integers scaled by 10^8
without passing through a float.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

from holdfast.simexchange import refusals
from holdfast.simexchange.numbers import parse_e8

LARGEST_INTEGER = (1 << 63) - 1
_DECIMAL = re.compile(r"^[0-9]{1,20}(\.[0-9]{1,20})?$")
_DECIMAL_LEGAL = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_CLIENT_ID = re.compile(r"^[a-zA-Z0-9\-_.:/]{1,36}$")
_SYMBOL = re.compile(r"^[\w\-._&]{1,50}$")


def decode_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Split a query string or a form body into its decoded pairs, in order."""
    pairs = []
    for part in raw.decode("utf-8", "replace").split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    return pairs


def unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Index pairs by name; refuse a name that comes twice."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise refusals.duplicate(name)
        values[name] = value
    return values


def scaled(text: str, name: str) -> int:
    """Read a decimal text as an integer times 10^8, exactly."""
    if _DECIMAL.match(text) is None:
        raise refusals.illegal(name, _DECIMAL_LEGAL)
    try:
        return parse_e8(text)
    except ValueError:
        raise refusals.too_precise(name) from None


class Params:
    """The parameters of one request; a wrong value raises the venue's refusal."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def optional(self, name: str) -> str | None:
        """Return the text of a parameter that may be left out."""
        value = self.values.get(name)
        if value == "":
            raise refusals.empty(name)
        return value

    def text(self, name: str) -> str:
        """Return the text of a mandatory parameter."""
        value = self.values.get(name)
        if not value:
            raise refusals.missing(name)
        return value

    def choice(self, name: str, allowed: Iterable[str], *, code: int, what: str) -> str:
        """Return one of the allowed words; the code and noun are the venue's for this one."""
        value = self.text(name)
        if value not in allowed:
            raise refusals.Refusal(code, f"Invalid {what}.")
        return value

    def amount(self, name: str) -> int:
        """Return a mandatory price or quantity, times 10^8."""
        return scaled(self.text(name), name)

    def amount_or_none(self, name: str) -> int | None:
        """Return a price or quantity that may be left out, times 10^8."""
        value = self.optional(name)
        return None if value is None else scaled(value, name)

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number that may be left out."""
        value = self.optional(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,19}", value):
            raise refusals.illegal(name, "^[0-9]{1,20}$")
        if not -LARGEST_INTEGER <= int(value) <= LARGEST_INTEGER:
            raise refusals.Refusal(-1108, f"Parameter '{name}' overflowed.")
        return int(value)

    def limit(self, *, default: int, most: int) -> int:
        """Return the row limit; over the most it is cut, below one it is refused."""
        value = self.integer("limit", default)
        if value is None or value < 1:
            raise refusals.invalid("limit")
        return min(value, most)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter."""
        value = self.optional(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            raise refusals.invalid(name)
        return value.lower() == "true"

    def client_id(self, name: str) -> str | None:
        """Return a client order id within its documented characters."""
        value = self.optional(name)
        if value is not None and not _CLIENT_ID.match(value):
            raise refusals.illegal(name, r"^[a-zA-Z0-9-_.:/]{1,36}$")
        return value

    def symbol(self, name: str = "symbol") -> str:
        """Return the mandatory symbol in its legal characters."""
        value = self.text(name)
        if not _SYMBOL.match(value):
            raise refusals.illegal(name, r"^[\w\-._&&[^a-z]]{1,50}$")
        return value
