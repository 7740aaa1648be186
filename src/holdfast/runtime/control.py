"""Carries commands out: each is recorded with its actor, and a repeated key acts once."""

from collections.abc import Callable
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.counted import counted
from holdfast.domain.instant import Clock
from holdfast.runtime.commands import Answer, CancelAll, Pause, Release, Request, Resume, Stop
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.trader import Trader

ACCOUNT = "account"


class Control:
    """The one command layer; every surface hands its requests here.

    `release` ends what a comparison set apart, and says what it ended.
    """

    def __init__(
        self,
        trader: Trader,
        *,
        recorder: Recorder,
        clock: Clock,
        stop: Callable[[str], None],
        release: Callable[[str, str], str],
    ) -> None:
        self._trader = trader
        self._recorder = recorder
        self._clock = clock
        self._stop = stop
        self._release = release

    def execute(self, request: Request) -> Answer:
        """Carry out a command; cancels act first and are recorded after."""
        command = request.command
        known = self._trader.state.command_keys.get(command.idempotency_key)
        arguments: dict[str, Any] = msgspec.to_builtins(command)
        verb = str(arguments.pop("type"))
        if known is not None:
            return _repeat(known, verb, arguments)
        answer = self._act(request)
        if answer.ok:
            self._recorder.decide(
                ev.CommandReceived(
                    verb,
                    request.actor,
                    command.reason,
                    command.idempotency_key,
                    arguments,
                    answer.outcome,
                )
            )
        self._recorder.flush()
        if isinstance(command, Stop) and answer.ok:
            self._stop(f"stopped by {request.actor}: {command.reason}")
        return answer

    def _act(self, request: Request) -> Answer:
        command = request.command
        match command:
            case Pause() | Resume():
                return self._pause(command, request.actor)
            case Release():
                ended = self._release(command.scope, f"{request.actor}: {command.reason}")
                if ended:
                    return Answer(ok=True, outcome=f"{command.scope} released ({ended})")
                return Answer(ok=False, outcome=f"nothing of '{command.scope}' is to release")
            case CancelAll():
                count = self._trader.cancel_all(
                    reason=f"commanded: {command.reason}",
                    including_stops=command.including_stops,
                )
                return Answer(ok=True, outcome=f"cancel sent for {counted(count, 'order')}")
            case Stop():
                return Answer(ok=True, outcome="stopping")

    def _pause(self, command: Pause | Resume, actor: str) -> Answer:
        scopes = {ACCOUNT, *self._trader.cast.members}
        scopes |= set(self._trader.pipeline.lanes)
        if command.scope not in scopes:
            known = ", ".join(sorted(scopes))
            return Answer(ok=False, outcome=f"no scope '{command.scope}'; there is {known}")
        if isinstance(command, Pause):
            self._recorder.decide(ev.TradingPaused(command.scope, actor, command.reason))
            return Answer(ok=True, outcome=f"{command.scope} paused: no new risk")
        self._recorder.decide(ev.TradingResumed(command.scope, actor, command.reason))
        return Answer(ok=True, outcome=f"{command.scope} resumed")


def _repeat(known: ev.CommandReceived, verb: str, arguments: dict[str, Any]) -> Answer:
    """Answer a key that was used before; it stands for one command and no other."""
    if verb != known.verb or _asked(arguments) != _asked(known.arguments):
        return Answer(
            ok=False,
            outcome=f"idempotency key '{known.idempotency_key}' was used for another command "
            f"({known.verb}: {known.outcome}); give this one a key of its own",
        )
    return Answer(ok=True, outcome=known.outcome, repeated=True)


def _asked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Give what a command asks for; a reason may be said anew."""
    return {name: value for name, value in arguments.items() if name != "reason"}
