"""Listen keys: one for each account, valid for 60 minutes from its last renewal.

Asking again returns the same key while it is valid. When it runs out, who listens with it is
told so once, and hears nothing more.
"""

import hashlib
from collections.abc import Callable

import msgspec

from holdfast.simexchange.limits import MINUTE_NS
from holdfast.simexchange.refusals import Refusal

VALID_NS = 60 * MINUTE_NS
KEY_LENGTH = 64


class ListenKey(msgspec.Struct, kw_only=True):
    """One key that is or was valid."""

    text: str
    account: str
    expires_ns: int


class ListenKeys:
    """The keys of all accounts; `now_ns` is the time that limits run on."""

    def __init__(self, now_ns: Callable[[], int], *, seed: int = 0) -> None:
        self._now_ns = now_ns
        self._seed = seed
        self._count = 0
        self._keys: dict[str, ListenKey] = {}
        self.on_expiry: Callable[[ListenKey], None] = _ignore
        self.on_renewal: Callable[[ListenKey], object] = _ignore

    def open(self, account: str) -> str:
        """Return the account's key, a new one when it has none; it is good for 60 minutes."""
        found = self._of(account)
        if found is None:
            self._count += 1
            text = _text(f"{self._seed}:{account}:{self._count}")
            found = self._keys[text] = ListenKey(text=text, account=account, expires_ns=0)
        return self._renewed(found)

    def renew(self, account: str) -> str:
        """Extend the account's key by 60 minutes; -1125 when it has none."""
        found = self._of(account)
        if found is None:
            raise Refusal(-1125, "This listenKey does not exist.")
        return self._renewed(found)

    def close(self, account: str) -> None:
        """End the account's key, if it has one."""
        found = self._of(account)
        if found is not None:
            self._end(found)

    def account_of(self, text: str) -> str | None:
        """Return whose key it is, None when it is not or no more valid."""
        self.expire_due()
        found = self._keys.get(text)
        return None if found is None else found.account

    def expire_due(self) -> None:
        """End the keys whose time is over."""
        now_ns = self._now_ns()
        for key in [key for key in self._keys.values() if key.expires_ns <= now_ns]:
            self._end(key)

    def expire(self, account: str | None = None) -> int:
        """End the key of an account, or every key, before its time; return how many."""
        keys = [key for key in self._keys.values() if account in (None, key.account)]
        for key in keys:
            self._end(key)
        return len(keys)

    def _of(self, account: str) -> ListenKey | None:
        self.expire_due()
        return next((key for key in self._keys.values() if key.account == account), None)

    def _renewed(self, key: ListenKey) -> str:
        key.expires_ns = self._now_ns() + VALID_NS
        self.on_renewal(key)
        return key.text

    def _end(self, key: ListenKey) -> None:
        del self._keys[key.text]
        self.on_expiry(key)


def is_listen_key(name: str) -> bool:
    """Tell whether a text has the form of a listen key."""
    return len(name) == KEY_LENGTH and name.isascii() and name.isalnum()


def _text(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:KEY_LENGTH]


def _ignore(_key: ListenKey) -> None:
    pass
