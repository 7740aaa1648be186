"""The rate governor: what this process may send now, decided in memory.

It takes portions of each limit from a pool that all processes of the address share, before it
needs them: the next window's shortly before the present one ends, and more when half of a
portion is gone. So a request that is asked about touches memory alone. Part of every limit is
kept for cancels and reductions, which are never held back for want of a portion; only a ban
stops them. The venue's own counts correct the pool, and its 429 and 418 are obeyed to the
instant that it names (XCH-3).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

import msgspec

from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock, Timer
from holdfast.traffic.limits import NO_HOLD, Cost, Hold, Limit
from holdfast.traffic.pool import Pool

GRANTED = 0
"""What `ask` answers when the request may leave at once."""

LEASE_NS = 2 * NS_PER_MS
"""When to ask again while a portion is on its way."""

TURN_NS = 2 * NS_PER_S
"""How long after a window's turn the venue's counts may be of the one before."""

Run = Callable[[Callable[[], None]], None]
"""Carries out work on a pool: at once, or elsewhere when it is behind a file or a wire."""


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """How a limit is cut up: parts of a thousand.

    `portion` is leased at a time, `kept` stays for what reduces risk, `ahead` of a window's
    length before its end the next window's portion is taken.
    """

    portion: int = 100
    kept: int = 200
    ahead: int = 100


class _Purse:
    """This process's part of one limit in one window."""

    __slots__ = ("asked_for", "is_dry", "left", "told", "used", "window")

    def __init__(self, window: int) -> None:
        self.window = window
        self.left = 0
        self.used = 0
        self.told = 0
        self.asked_for = 0
        self.is_dry = False


_Plan: TypeAlias = tuple[tuple[Limit, int, int, dict[int, _Purse]], ...]
"""For each limit: what a cost takes of it, half of a portion, and its purses by window."""


class Governor:
    """Decides about the requests of one process at one venue, and of one account there.

    `offset_ns` is how far the venue's clock is ahead of ours; its windows turn by its own.
    `run` carries out what touches the pool, and `post` brings its result back to the caller's
    thread, where everything else happens. What others were told to wait for is asked of the
    pool every `watch_ns`; 0 where nobody shares it. `waiting_count` questions wait for an
    instant right now, and `on_waiting` is called when one begins to.
    """

    def __init__(
        self,
        clock: Clock,
        limits: Sequence[Limit],
        *,
        account: str,
        pool: Pool,
        run: Run,
        post: Run,
        shares: Shares | None = None,
        watch_ns: int = 0,
    ) -> None:
        self.offset_ns = 0
        self.waiting_count = 0
        self.on_waiting: Callable[[], None] = _nothing
        self.account = account
        self._clock = clock
        self._pool = pool
        self._run = run
        self._post = post
        self._shares = shares or Shares()
        self._hold = NO_HOLD
        self._timers: dict[Limit | None, Timer] = {}
        self._watch_ns = watch_ns
        self._purses: dict[Limit, dict[int, _Purse]] = {}
        self._plans: dict[Cost, _Plan] = {}
        self.limits: tuple[Limit, ...] = ()
        self.adopt(limits)

    def adopt(self, limits: Sequence[Limit]) -> None:
        """Take the limits that the venue names from here on, and the first portions of them."""
        self.close()
        self.limits = tuple(limits)
        self._plans.clear()
        for limit in self.limits:
            self._prepare(limit)
        if self._watch_ns:
            self._watch()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a question that waits until it may be asked; its clock must not stand still."""
        self.waiting_count += 1
        self.on_waiting()
        try:
            yield
        finally:
            self.waiting_count -= 1

    def ask(self, cost: Cost, *, is_urgent: bool = False) -> int:
        """Spend what a request costs and give `GRANTED`, or the instant to ask again.

        An urgent request (a cancel, a reduction) is only held by a ban. Nothing is spent when
        the answer is an instant.
        """
        again_at_ns = self.look(cost, is_urgent=is_urgent)
        if again_at_ns == GRANTED:
            self.spend(cost)
        return again_at_ns

    def look(self, cost: Cost, *, is_urgent: bool = False) -> int:
        """Say whether a request might leave now, as `ask` does, and spend nothing."""
        now_ns = self._clock.now_ns()
        hold = self._hold
        until_ns = hold.all_until_ns if is_urgent else hold.requests_until_ns
        if now_ns < until_ns:
            return until_ns
        if is_urgent:
            return GRANTED
        venue_ns = now_ns + self.offset_ns
        for limit, spent, _, purses in self._plans.get(cost) or self._plan(cost):
            purse = purses.get(venue_ns // limit.window_ns) or self._purse(limit, venue_ns)
            if purse.left < spent:
                self._lease(limit, purse, max(spent, self._portion(limit)) - purse.left)
            if purse.left < spent:
                return self._later(limit, purse, venue_ns)
        return GRANTED

    def spend(self, cost: Cost) -> None:
        """Count a request that leaves, and have more leased when half of a portion is gone."""
        venue_ns = self._clock.now_ns() + self.offset_ns
        for limit, spent, half, purses in self._plans.get(cost) or self._plan(cost):
            if spent:
                purse = purses.get(venue_ns // limit.window_ns) or self._purse(limit, venue_ns)
                purse.left -= spent
                purse.used += spent
                if purse.left < half:
                    self._lease(limit, purse, self._portion(limit) - purse.left)

    def learn(self, kind: str, window_ns: int, *, used: int) -> None:
        """Take the venue's count of the present window, as its answer named it.

        Just after a turn it may be the count of the window before, so it is left out.
        """
        venue_ns = self._clock.now_ns() + self.offset_ns
        for limit in self.limits:
            if limit.kind == kind and limit.window_ns == window_ns:
                if venue_ns % window_ns < min(TURN_NS, window_ns // 10):
                    continue
                purse = self._purse(limit, venue_ns)
                if used > max(purse.told, purse.used):
                    purse.told = used
                    self._run(partial(self._see, limit, purse, used, max(0, purse.left)))

    def obey(self, *, until_ns: int, is_ban: bool) -> None:
        """Hold until an instant of our clock: cancels may go on after a 429, not in a ban."""
        hold = Hold(until_ns, until_ns if is_ban else 0)
        self._hold = self._hold.and_also(hold)
        self._share_hold(hold)

    def held_until_ns(self, *, is_urgent: bool = False) -> int:
        """Give until when the venue wants to hear nothing; an instant of the past: not held."""
        return self._hold.all_until_ns if is_urgent else self._hold.requests_until_ns

    def used(self, kind: str) -> int:
        """Give how much of a kind was used in the present window, as far as it is known."""
        venue_ns = self._clock.now_ns() + self.offset_ns
        purses = [self._purse(one, venue_ns) for one in self.limits if one.kind == kind]
        return max((max(purse.used, purse.told) for purse in purses), default=0)

    def close(self) -> None:
        """Take no more portions; idempotent."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _later(self, limit: Limit, purse: _Purse, venue_ns: int) -> int:
        """Say when a request that finds too little here has to ask again."""
        if purse.asked_for:
            return self._clock.now_ns() + LEASE_NS
        return limit.ends_at_ns(venue_ns) - self.offset_ns

    def _plan(self, cost: Cost) -> _Plan:
        """Work out once for what to look at each limit when a cost like this comes."""
        plan = self._plans[cost] = tuple(
            (
                limit,
                cost.of(limit.kind),
                self._portion(limit) // 2,
                self._purses.setdefault(limit, {}),
            )
            for limit in self.limits
        )
        return plan

    def _portion(self, limit: Limit) -> int:
        return max(1, limit.most * self._shares.portion // 1_000)

    def _purse(self, limit: Limit, venue_ns: int) -> _Purse:
        window = venue_ns // limit.window_ns
        purses = self._purses.setdefault(limit, {})
        purse = purses.get(window)
        if purse is None:
            purse = purses[window] = _Purse(window)
            for old in [number for number in purses if number < window]:
                del purses[old]
            self._lease(limit, purse, self._portion(limit))
        return purse

    def _lease(self, limit: Limit, purse: _Purse, want: int) -> None:
        """Ask the pool for more, once at a time; an overdraft by urgent requests is made up."""
        if purse.asked_for or want <= 0 or (purse.is_dry and purse.left >= 0):
            return
        purse.asked_for = want
        keep = limit.most * self._shares.kept // 1_000
        debt = max(0, -purse.left)

        def take() -> None:
            got = self._pool.lease(limit, window=purse.window, want=debt, keep=0)
            rest = want - debt
            if rest > 0:
                got += self._pool.lease(limit, window=purse.window, want=rest, keep=keep)
            self._post(lambda: self._receive(purse, got, is_dry=got < want))

        self._run(take)

    def _receive(self, purse: _Purse, got: int, *, is_dry: bool) -> None:
        purse.left += got
        purse.is_dry = is_dry
        purse.asked_for = 0

    def _see(self, limit: Limit, purse: _Purse, used: int, unspent: int) -> None:
        self._pool.see(limit, window=purse.window, used=used, unspent=unspent)

    def _share_hold(self, hold: Hold) -> None:
        """Tell the pool what the venue wants, and learn what it told others."""
        scopes = sorted({limit.scope for limit in self.limits})

        def tell() -> None:
            known = hold
            for scope in scopes:
                known = known.and_also(self._pool.hold(scope, hold))
            self._post(lambda: self._join(known))

        self._run(tell)

    def _watch(self) -> None:
        self._share_hold(NO_HOLD)
        due_ns = self._clock.now_ns() + self._watch_ns
        self._timers[None] = self._clock.call_at(due_ns, self._watch)

    def _join(self, hold: Hold) -> None:
        self._hold = self._hold.and_also(hold)

    def _prepare(self, limit: Limit) -> None:
        """Take this window's portion now, and the next one's shortly before it begins."""
        venue_ns = self._clock.now_ns() + self.offset_ns
        self._purse(limit, venue_ns)
        ends_ns = limit.ends_at_ns(venue_ns)
        early_ns = limit.window_ns * self._shares.ahead // 1_000
        due_ns = ends_ns - early_ns
        if due_ns <= venue_ns:
            due_ns += limit.window_ns

        def turn() -> None:
            next_window = limit.window(self._clock.now_ns() + self.offset_ns) + 1
            purses = self._purses.setdefault(limit, {})
            if next_window not in purses:
                purse = purses[next_window] = _Purse(next_window)
                self._lease(limit, purse, self._portion(limit))
            self._prepare(limit)

        self._timers[limit] = self._clock.call_at(due_ns - self.offset_ns, turn)


def _nothing() -> None:
    """Do nothing; stands where nobody minds that a question waits."""
