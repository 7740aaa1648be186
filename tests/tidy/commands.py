"""Which test exercises which documented command and reaches which exit code."""

# Documents whose shell blocks a test runs as they stand, in order.
WORD_BY_WORD = ("README.md", "docs/quickstart.md")

# Every other command, as it stands in its document, to the test function that runs it. What
# only moves about (git clone, cd) is not listed.
_QUICKSTART = "tests/scenario/test_quickstart.py::"
_OWN_DATA = f"{_QUICKSTART}test_own_data_is_replayed_and_sent_through_sockets"
_COMMANDED = f"{_QUICKSTART}test_a_running_trader_is_commanded"
_KILLED = f"{_QUICKSTART}test_a_killed_trader_goes_on"
_DATA = "binance-spot-BTCUSDC-aggTrades-2025-10-04.csv.gz"
_VENUE = "--venue-url http://127.0.0.1:8765 --journal kill.db"
_SIMULATOR = "tests/scenario/test_simulator_guide.py::"
_SERVE = ".venv/bin/holdfast sim serve --port 8765"
_ASKED = "--url http://127.0.0.1:8765"
_URL = "--venue-url http://127.0.0.1:8765"
_RECORDED = f"{_QUICKSTART}test_a_market_is_recorded_and_traded"
_WATCHED = f"{_QUICKSTART}test_a_watchdog_takes_over"
_LIVE = f"{_QUICKSTART}test_the_live_configuration_and_commands_are_understood"
_PROBED = "tests/tidy/test_binance_page.py::test_the_commands_of_the_page_are_understood"
_FETCHED = f"{_QUICKSTART}test_a_folder_is_fetched_from_an_archive_and_traded"
COMMANDS: dict[str, str] = {
    ".venv/bin/holdfast data fetch --source archive --kind aggTrades --symbol BTCUSDT "
    "--from 2025-10-04 --to 2025-10-05 --out fetched": _FETCHED,
    ".venv/bin/holdfast run --mode replay --data fetched": _FETCHED,
    "make venv": (
        "tests/tidy/test_makefile.py::test_venv_installs_what_the_trader_needs_and_nothing_else"
    ),
    "make run": f"{_QUICKSTART}test_make_run_shows_a_trade_and_ends_in_order_on_ctrl_c",
    "make soak ORDERS=100000 OUT=soak.json": (
        "tests/tidy/test_makefile.py::test_soak_hands_on_how_many_orders_and_where_to_write"
    ),
    ".venv/bin/python -m soak --seed 17 --keep wrong17": (
        "tests/chaos/test_soak.py::test_one_episode_is_played_again_and_kept"
    ),
    "make check": "tests/tidy/test_tools.py::test_the_tool_finds_nothing",
    "make test": "tests/tidy/test_tools.py::test_ci_runs_the_test_command_of_the_readme",
    ".venv/bin/python -m tests.tidy.event_forms": (
        "tests/tidy/test_events.py::test_every_event_has_its_golden_form"
    ),
    f".venv/bin/holdfast run --mode replay --data {_DATA}": _OWN_DATA,
    f".venv/bin/holdfast run --mode paper --speed max --data {_DATA}": _OWN_DATA,
    ".venv/bin/holdfast run --config mine.toml": (
        f"{_QUICKSTART}test_the_settings_file_is_understood"
    ),
    ".venv/bin/holdfast run --until-end": _COMMANDED,
    '.venv/bin/holdfast pause --reason "lunch"': _COMMANDED,
    '.venv/bin/holdfast cancel --reason "too much in the book"': _COMMANDED,
    '.venv/bin/holdfast resume --reason "back"': _COMMANDED,
    '.venv/bin/holdfast stop --reason "enough for today"': _COMMANDED,
    ".venv/bin/holdfast sim serve --port 8765 --seed 7": _KILLED,
    f".venv/bin/holdfast run {_VENUE}": _KILLED,
    f".venv/bin/holdfast run {_VENUE} --resume --for 30s": _KILLED,
    ".venv/bin/holdfast run --venue-url http://127.0.0.1:8765 --for 30s": (
        f"{_SIMULATOR}test_a_trader_and_a_client_of_one_s_own_trade_on_it"
    ),
    f"{_SERVE} --accounts accounts.toml": (
        f"{_SIMULATOR}test_the_accounts_of_the_guide_are_opened"
    ),
    f"{_SERVE} --instruments instruments.toml": (
        f"{_SIMULATOR}test_the_filters_of_the_guide_are_announced"
    ),
    f"{_SERVE} --faults faults.toml": f"{_SIMULATOR}test_the_faults_of_the_guide_strike",
    **dict.fromkeys(
        (
            f".venv/bin/holdfast sim fault add order_503 count=3 account=demo {_ASKED}",
            f".venv/bin/holdfast sim fault do maintenance for=5s {_ASKED}",
            f".venv/bin/holdfast sim fault list {_ASKED}",
            f".venv/bin/holdfast sim fault clear {_ASKED}",
        ),
        f"{_SIMULATOR}test_the_faults_of_the_guide_strike",
    ),
    f"{_SERVE} --data {_DATA} --speed max": (
        f"{_SIMULATOR}test_the_client_of_the_guide_sees_every_message_at_full_speed"
    ),
    ".venv/bin/python -m pip install --require-hashes -r requirements/data.txt": (
        "tests/tidy/test_requirements.py::test_every_requirement_has_a_version_and_a_hash"
    ),
    **dict.fromkeys(
        (
            f".venv/bin/holdfast data record {_URL} --symbol BTCUSDT --out recorded --for 20s",
            ".venv/bin/holdfast data info recorded",
            ".venv/bin/holdfast run --mode replay --data recorded",
        ),
        _RECORDED,
    ),
    f".venv/bin/holdfast run {_URL} --journal kept.db": _WATCHED,
    f".venv/bin/holdfast watchdog {_URL} --journal kept.db": _WATCHED,
    **dict.fromkeys(
        (
            ".venv/bin/holdfast venue probe --testnet --product usdm --config live.toml "
            "--out evidence/testnet.json",
            ".venv/bin/holdfast run --config live.toml --journal live.db --for 10m",
            ".venv/bin/holdfast watchdog --config live.toml --journal live.db",
        ),
        _LIVE,
    ),
    ".venv/bin/holdfast venue probe --read-only --out evidence/spot.json": _PROBED,
    ".venv/bin/holdfast venue probe --testnet --product usdm "
    "--out evidence/usdm-testnet.json": _PROBED,
    **dict.fromkeys(
        (
            "mkdir -p assumed",
            "cp src/holdfast/simexchange/assumptions/latency.toml assumed",
            f"{_SERVE} --assumptions assumed",
        ),
        f"{_SIMULATOR}test_a_copied_assumption_is_used_and_told",
    ),
}
MOVES = ("git clone ", "cd ", "uv pip compile ")

# An exit code to the test in which the command line ends with it.
_UNIT = "tests/unit/cli/test_exit_codes.py::"
_TREE = f"{_UNIT}test_an_error_ends_the_command_with_the_code_that_the_tree_says"
EXIT_CODES: dict[int, str] = {
    0: f"{_UNIT}test_a_command_that_succeeds_ends_with_0",
    **dict.fromkeys(range(1, 7), _TREE),
    130: f"{_UNIT}test_ctrl_c_ends_a_command_with_130",
}
