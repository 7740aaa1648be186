"""Pulses: dropped and counted when nobody reads, and never waited for."""

import os

import msgspec
import pytest

from holdfast.runtime.pulse import Pulse, PulseStream


def pulse(seq: int) -> Pulse:
    return Pulse(
        seq=seq, market_ns=0, mode="paper", status="x" * 2_000, feeds=[], journal_events=0,
        journal_durable=0, dropped=0, p50_us=None, p99_us=None,
    )  # fmt: skip


def test_a_reader_gets_whole_lines_in_their_order() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", buffering=0) as pipe, os.fdopen(reading, "rb") as reader:
        stream = PulseStream(pipe)
        for seq in range(3):
            stream.send(pulse(seq))
        pipe.close()
        lines = [msgspec.json.decode(line, type=Pulse) for line in reader]
    assert [line.seq for line in lines] == [0, 1, 2]
    assert stream.dropped == 0


def test_without_a_reader_pulses_are_dropped_and_a_torn_line_is_finished_first() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", buffering=0) as pipe, os.fdopen(reading, "rb") as reader:
        stream = PulseStream(pipe)
        for seq in range(200):
            stream.send(pulse(seq))
        assert stream.dropped > 100
        os.read(reading, 1 << 20)
        before = stream.dropped
        for seq in range(200, 203):
            stream.send(pulse(seq))
        assert stream.dropped <= before + 1
        pipe.close()
        lines = reader.read().split(b"\n")[1:]
        newest = [msgspec.json.decode(line, type=Pulse).seq for line in lines if line]
    assert newest[-1] == 202


def test_a_reader_that_is_gone_is_nobodys_problem() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        stream = PulseStream(pipe)
        stream.send(pulse(1))
        stream.send(pulse(2))
        assert stream.dropped == 0


@pytest.mark.parametrize("seq", [0, 7])
def test_a_pulse_reads_back_as_it_was(seq: int) -> None:
    assert msgspec.json.decode(msgspec.json.encode(pulse(seq)), type=Pulse) == pulse(seq)
