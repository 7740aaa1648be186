"""HTTP/1.1 of a client as bytes: requests out, answers in; it knows no socket.

An answer is whole or it is not given. What breaks the protocol or a limit is a ValueError, and
then nothing of that connection can be trusted.
"""

from collections.abc import Mapping

from holdfast.domain.ports import HttpAnswer

LONGEST_HEAD_BYTES = 64 * 1024
LONGEST_BODY_BYTES = 64 * 1024 * 1024
_LONGEST_NUMBER = 16
_END_OF_HEAD = b"\r\n\r\n"
_NO_BODY = (204, 304)
_FIRST_FINAL_STATUS = 200
_STATUS_DIGITS = 3


def request_bytes(
    method: str, target: str, *, host: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    """Write a request; ValueError for a line break where a header could be forged."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a request line or header")
    return "\r\n".join(lines).encode("latin-1") + _END_OF_HEAD + body


class _Head:
    """The head of an answer, and how its body ends."""

    def __init__(self, raw: bytes) -> None:
        first, *lines = raw.split(b"\r\n")
        version, _, rest = first.partition(b" ")
        code = rest[:_STATUS_DIGITS]
        if (
            not version.startswith(b"HTTP/1.")
            or len(code) < _STATUS_DIGITS
            or not code.isdigit()
        ):
            raise ValueError(f"{first[:40]!r} is no status line of HTTP/1.1")
        self.status = int(code)
        self.headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                raise ValueError(f"{line[:40]!r} is no header")
            self._add(name.decode("latin-1").lower(), value.strip().decode("latin-1"))
        self.is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        self.length = self._length()
        last = self.headers.get("connection", "").lower() == "close"
        self.is_last = last or version == b"HTTP/1.0" or self.length is None

    def _add(self, name: str, value: str) -> None:
        before = self.headers.get(name)
        if before is None or before == value:
            self.headers[name] = value
        elif name == "content-length":
            raise ValueError("two different content lengths")
        else:
            self.headers[name] = f"{before}, {value}"

    def _length(self) -> int | None:
        """Give the size of the body; None when it lasts as long as the connection."""
        if self.status < _FIRST_FINAL_STATUS or self.status in _NO_BODY or self.is_chunked:
            return 0
        text = self.headers.get("content-length")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
            raise ValueError(f"{text[:40]!r} is no content length")
        if int(text) > LONGEST_BODY_BYTES:
            raise ValueError(f"a body of {text} bytes; at most {LONGEST_BODY_BYTES} are taken")
        return int(text)


class AnswerReader:
    """Collects the bytes of one connection and gives the answers that are complete."""

    def __init__(self) -> None:
        self.is_over = False
        self._bytes = bytearray()
        self._head: _Head | None = None
        self._chunks = bytearray()

    def feed(self, received: bytes) -> list[HttpAnswer]:
        """Take bytes as they come; `is_over` says that no more answers can follow."""
        self._bytes += received
        answers = []
        while not self.is_over:
            answer = self._next()
            if answer is None:
                break
            if answer.status >= _FIRST_FINAL_STATUS:
                answers.append(answer)
        return answers

    def end(self) -> HttpAnswer | None:
        """Give the answer that the end of the connection completes, if there is one."""
        head = self._head
        if head is None or self.is_over or head.length is not None:
            return None
        self.is_over = True
        return HttpAnswer(head.status, head.headers, bytes(self._bytes))

    def _next(self) -> HttpAnswer | None:
        head = self._head
        if head is None:
            end = self._bytes.find(_END_OF_HEAD)
            if end < 0 and len(self._bytes) < LONGEST_HEAD_BYTES:
                return None
            if not 0 <= end < LONGEST_HEAD_BYTES:
                raise ValueError(f"a head of more than {LONGEST_HEAD_BYTES} bytes")
            head = self._head = _Head(bytes(self._bytes[:end]))
            del self._bytes[: end + len(_END_OF_HEAD)]
        body = self._chunked() if head.is_chunked else self._plain(head.length)
        if body is None:
            return None
        self._head = None
        if head.status >= _FIRST_FINAL_STATUS:
            self.is_over = head.is_last
        return HttpAnswer(head.status, head.headers, body)

    def _plain(self, length: int | None) -> bytes | None:
        if length is None:
            if len(self._bytes) > LONGEST_BODY_BYTES:
                raise ValueError(f"a body of more than {LONGEST_BODY_BYTES} bytes")
            return None
        if len(self._bytes) < length:
            return None
        body = bytes(self._bytes[:length])
        del self._bytes[:length]
        return body

    def _chunked(self) -> bytes | None:
        while True:
            end = self._bytes.find(b"\r\n")
            if end < 0:
                if len(self._bytes) > LONGEST_HEAD_BYTES:
                    raise ValueError("a chunk without a size")
                return None
            size = _chunk_size(bytes(self._bytes[:end]))
            if size == 0:
                return self._after_chunks(end)
            if len(self._chunks) + size > LONGEST_BODY_BYTES:
                raise ValueError(f"a body of more than {LONGEST_BODY_BYTES} bytes")
            start = end + 2
            if len(self._bytes) < start + size + 2:
                return None
            self._chunks += self._bytes[start : start + size]
            del self._bytes[: start + size + 2]

    def _after_chunks(self, end: int) -> bytes | None:
        """Skip what may follow the last chunk, up to an empty line."""
        tail = self._bytes[end:]
        stop = tail.find(_END_OF_HEAD)
        if stop < 0:
            if len(tail) > LONGEST_HEAD_BYTES:
                raise ValueError("trailers without an end")
            return None
        del self._bytes[: end + stop + len(_END_OF_HEAD)]
        body = bytes(self._chunks)
        self._chunks.clear()
        return body


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > _LONGEST_NUMBER or digits.strip(b"0123456789abcdefABCDEF"):
        raise ValueError(f"{line[:40]!r} is no chunk size")
    return int(digits, 16)
