"""What crosses between a trader and a gateway in another process: lines of JSON.

JSON, because counts of units may exceed 64 bits, which MessagePack cannot hold.
"""

from typing import TypeAlias

import msgspec

from holdfast.domain.approval import Approved
from holdfast.domain.ids import ClientOrderId, Epoch, Shard
from holdfast.domain.submission import Submission, Withheld
from holdfast.domain.venue import CancelAnswer, CancelOrder

LINE_LIMIT_BYTES = 64 * 1024


class TakeEpoch(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Serve this epoch of a shard from now on."""

    shard: Shard
    epoch: Epoch


class SubmitOrder(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Let an approved order out."""

    approved: Approved
    epoch: Epoch


class SubmitCancel(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Let a cancel out."""

    cancel: CancelOrder
    epoch: Epoch


class SubmitList(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Let the approved orders of one list out together."""

    approved: tuple[Approved, ...]
    epoch: Epoch


class SubmitReplace(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Let a cancel out with the approved order that takes its place."""

    cancel: CancelOrder
    approved: Approved
    epoch: Epoch


class OrderWasWithheld(msgspec.Struct, frozen=True, tag=True):
    """The order did not leave."""

    client_order_id: ClientOrderId
    withheld: Withheld


class CancelWasWithheld(msgspec.Struct, frozen=True, tag=True):
    """The cancel did not leave."""

    cancel: CancelOrder
    withheld: Withheld


class OrderWasAnswered(msgspec.Struct, frozen=True, tag=True):
    """The venue's answer to a submission."""

    client_order_id: ClientOrderId
    answer: Submission


class CancelWasAnswered(msgspec.Struct, frozen=True, tag=True):
    """The venue's answer to a cancel."""

    cancel: CancelOrder
    answer: CancelAnswer


Request: TypeAlias = TakeEpoch | SubmitOrder | SubmitCancel | SubmitList | SubmitReplace
Answer: TypeAlias = OrderWasWithheld | CancelWasWithheld | OrderWasAnswered | CancelWasAnswered

_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
_encoder = msgspec.json.Encoder()


def encode(message: Request | Answer) -> bytes:
    """Write a message as one line."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a request; `msgspec.MsgspecError` when it is none."""
    return _requests.decode(line)


def decode_answer(line: bytes) -> Answer:
    """Read an answer; `msgspec.MsgspecError` when it is none."""
    return _answers.decode(line)


class Lines:
    """Cuts a stream of bytes into lines; ValueError when one is longer than allowed."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; gives the lines that are whole."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if any(len(line) > LINE_LIMIT_BYTES for line in (*lines, self._rest)):
            raise ValueError(f"a line is longer than {LINE_LIMIT_BYTES} bytes")
        return lines
