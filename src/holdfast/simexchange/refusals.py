"""What the venue answers when it refuses: a code and a text, with Binance's own words.

Every refusal is a JSON body {"code", "msg"}; the HTTP status (also the `status` of a WebSocket
reply) says only whose fault it is.
"""

from http import HTTPStatus

AHEAD_MS = 1000
MAX_RECV_WINDOW_MS = 60000


class Refusal(Exception):
    """A request that the venue does not carry out, with what it answers instead."""

    def __init__(
        self,
        code: int,
        msg: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        retry_at_ns: int | None = None,
        data: dict[str, object] | None = None,
    ) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.status = int(status)
        self.retry_at_ns = retry_at_ns
        self.data = data

    def body(self) -> dict[str, object]:
        """Build the error object of the answer."""
        shown: dict[str, object] = {"code": self.code, "msg": self.msg}
        if self.data is not None:
            shown["data"] = self.data
        return shown


def missing(name: str) -> Refusal:
    """Refuse a request that lacks a parameter or has it malformed."""
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return Refusal(-1102, text)


def duplicate(name: str) -> Refusal:
    """Refuse a parameter sent twice."""
    return Refusal(-1101, f"Duplicate values for parameter '{name}'.")


def too_many(expected: int, received: int) -> Refusal:
    """Refuse unknown parameters of an unsigned request."""
    text = f"Too many parameters; expected '{expected}' and received '{received}'."
    return Refusal(-1101, text)


def unread(read: int, sent: int) -> Refusal:
    """Refuse unknown parameters of a signed request."""
    text = (
        f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
    )
    return Refusal(-1104, text)


def empty(name: str) -> Refusal:
    """Refuse a parameter without a value."""
    return Refusal(-1105, f"Parameter '{name}' was empty.")


def not_required(name: str) -> Refusal:
    """Refuse a parameter that does not belong to this kind of order."""
    return Refusal(-1106, f"Parameter '{name}' sent when not required.")


def illegal(name: str, legal: str) -> Refusal:
    """Refuse characters outside the documented range."""
    text = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    return Refusal(-1100, text)


def invalid(name: str) -> Refusal:
    """Refuse a value that the parameter does not take."""
    return Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


def too_precise(name: str) -> Refusal:
    """Refuse more decimals than the venue keeps."""
    return Refusal(-1111, f"Parameter '{name}' has too much precision.")


def invalid_symbol() -> Refusal:
    """Refuse a symbol that is not listed."""
    return Refusal(-1121, "Invalid symbol.")


def bad_key_format() -> Refusal:
    """Refuse a request without a usable key."""
    return Refusal(-2014, "API-key format invalid.", status=HTTPStatus.UNAUTHORIZED)


def bad_key() -> Refusal:
    """Refuse an unknown key, or one without the permission."""
    text = "Invalid API-key, IP, or permissions for action."
    return Refusal(-2015, text, status=HTTPStatus.UNAUTHORIZED)


def bad_signature() -> Refusal:
    """Refuse a signature that does not match the bytes received."""
    return Refusal(-1022, "Signature for this request is not valid.")


def too_late() -> Refusal:
    """Refuse a request older than its receive window."""
    return Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def too_early() -> Refusal:
    """Refuse a request from the future."""
    text = f"Timestamp for this request was {AHEAD_MS}ms ahead of the server's time."
    return Refusal(-1021, text)


def window_too_long() -> Refusal:
    """Refuse a receive window over the limit."""
    return Refusal(-1131, f"recvWindow must be less than {MAX_RECV_WINDOW_MS}")


def execution_unknown() -> Refusal:
    """Answer that nobody knows what became of the order."""
    text = (
        "Timeout waiting for response from backend server. "
        "Send status unknown; execution status unknown."
    )
    return Refusal(-1007, text, status=HTTPStatus.GATEWAY_TIMEOUT)


def service_unavailable() -> Refusal:
    """Answer 503 without saying what became of the request."""
    text = "Unknown error, please check your request or try again later."
    return Refusal(-1000, text, status=HTTPStatus.SERVICE_UNAVAILABLE)


def timed_out() -> Refusal:
    """Answer 408: the request waited too long somewhere, and nobody knows whether it ran."""
    return Refusal(-1007, execution_unknown().msg, status=HTTPStatus.REQUEST_TIMEOUT)


def failed(status: int) -> Refusal:
    """Answer a failure of the server, which says nothing of what became of the request."""
    text = "An unknown error occurred while processing the request."
    return Refusal(-1000, text, status=status)


def unavailable() -> Refusal:
    """Answer that the service took nothing: the request certainly did not run."""
    return Refusal(-1000, "Service Unavailable.", status=HTTPStatus.SERVICE_UNAVAILABLE)


def throttled() -> Refusal:
    """Answer that the system protects itself; what only reduces or cancels is exempt."""
    text = (
        "Request throttled by system-level protection. Reduce-only/close-position orders are "
        "exempt. Please try again."
    )
    return Refusal(-1008, text, status=HTTPStatus.SERVICE_UNAVAILABLE)
