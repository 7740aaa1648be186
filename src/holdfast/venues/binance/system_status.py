"""What the venue says of itself: normal, or in maintenance.

Source: GET /sapi/v1/system/status of the venue's wallet documents, asked at the address of
spot for every product; test networks have no such question.
"""

import msgspec

from holdfast.errors import VenueUnavailable
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.wire.unreadable import READ_ERRORS

PATH = "/sapi/v1/system/status"
NORMAL = 0


class _Status(msgspec.Struct):
    status: int
    msg: str = ""


_STATUS = msgspec.json.Decoder(_Status)


async def system_status(rest: Rest) -> tuple[bool, str]:
    """Ask whether the venue is normal, and for its word; VenueUnavailable without an answer."""
    body = await rest.get(PATH, {}, weight=1)
    try:
        told = _STATUS.decode(body)
    except READ_ERRORS as error:
        raise VenueUnavailable(f"{PATH} cannot be read: {error}") from error
    return told.status == NORMAL, told.msg or str(told.status)
