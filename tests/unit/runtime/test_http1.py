"""HTTP/1.1 as bytes: whole answers or none, limits on everything, no forged headers."""

import pytest

from holdfast.domain.ports import HttpAnswer
from holdfast.runtime import http1
from holdfast.runtime.http1 import AnswerReader, request_bytes

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-MBX-Used: 7\r\n\r\nhello"


def read(raw: bytes) -> list[HttpAnswer]:
    return AnswerReader().feed(raw)


def test_a_request_names_host_headers_and_length() -> None:
    written = request_bytes("POST", "/a?b=c", host="h:1", headers={"X-K": "v"}, body=b"x=1")
    assert written == (
        b"POST /a?b=c HTTP/1.1\r\nHost: h:1\r\nX-K: v\r\nContent-Length: 3\r\n\r\nx=1"
    )
    assert b"Content-Length" not in request_bytes("GET", "/", host="h", headers={}, body=b"")
    assert b"Content-Length: 0" in request_bytes("DELETE", "/", host="h", headers={}, body=b"")


@pytest.mark.parametrize("value", ["a\r\nX-Forged: 1", "a\nb", "a\rb"])
def test_a_line_break_in_a_header_or_target_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        request_bytes("GET", "/", host="h", headers={"X-K": value}, body=b"")
    with pytest.raises(ValueError, match="line break"):
        request_bytes("GET", value, host="h", headers={}, body=b"")


def test_an_answer_has_its_status_lower_case_headers_and_body() -> None:
    (answer,) = read(HELLO)
    assert answer.status == 200
    assert answer.headers == {"content-length": "5", "x-mbx-used": "7"}
    assert answer.body == b"hello"


def test_answers_come_one_by_one_however_the_bytes_are_cut() -> None:
    reader = AnswerReader()
    answers = [answer for byte in HELLO * 2 for answer in reader.feed(bytes([byte]))]
    assert [answer.body for answer in answers] == [b"hello", b"hello"]
    assert not reader.is_over
    assert [answer.body for answer in read(HELLO * 3)] == [b"hello"] * 3


def test_a_chunked_body_is_put_together_without_its_trailers() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"5;ext=1\r\nhello\r\nA\r\n, 10 bytes\r\n0\r\nX-Trailer: 1\r\n\r\n"
    answers = read(head + body + HELLO)
    assert [answer.body for answer in answers] == [b"hello, 10 bytes", b"hello"]


def test_a_body_without_a_length_lasts_until_the_end() -> None:
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>") == []
    last = reader.end()
    assert last is not None
    assert (last.status, last.body) == (502, b"<html>")
    assert reader.end() is None


def test_half_an_answer_is_no_answer() -> None:
    reader = AnswerReader()
    assert reader.feed(HELLO[:-1]) == []
    assert reader.end() is None


def test_what_the_server_says_last_is_known_to_be_the_last() -> None:
    reader = AnswerReader()
    closing = HELLO.replace(b"X-MBX-Used: 7", b"Connection: close")
    assert len(reader.feed(closing + HELLO)) == 1
    assert reader.is_over


def test_a_notice_to_continue_and_an_empty_answer_have_no_body() -> None:
    answers = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n" + HELLO)
    assert [(answer.status, answer.body) for answer in answers] == [(204, b""), (200, b"hello")]


@pytest.mark.parametrize(
    "broken",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * http1.LONGEST_HEAD_BYTES,
    ],
)
def test_what_breaks_the_protocol_or_a_limit_is_an_error(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(broken)
