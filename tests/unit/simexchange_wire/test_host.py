"""The address that the simulated exchange listens on: loopback, or a private one."""

import argparse

import pytest

from holdfast.errors import UsageError
from holdfast.simexchange.addresses import ready_line, usdm_addresses
from holdfast.simexchange.arguments import add_serve_arguments, options_from
from holdfast.simexchange.notes import host_notes


def asked(*arguments: str) -> str:
    parser = argparse.ArgumentParser()
    add_serve_arguments(parser)
    return options_from(parser.parse_args(arguments)).host


def test_it_is_loopback_unless_a_private_address_is_named() -> None:
    assert asked() == "127.0.0.1"
    assert asked("--host", "10.9.0.2") == "10.9.0.2"


@pytest.mark.parametrize("host", ["0.0.0.0", "8.8.8.8", "", "::1", "sim.example", "10.9"])
def test_an_address_that_others_may_know_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="is no private address"):
        asked("--host", host)


def test_all_addresses_name_it_and_a_note_says_what_it_means() -> None:
    told = {**ready_line(80, "10.9.0.2"), **usdm_addresses(80, "10.9.0.2")}
    assert all("//10.9.0.2:80" in url for url in told.values())
    assert "whoever reaches that address" in host_notes("10.9.0.2")[0]
    assert host_notes("127.0.0.1") == []
