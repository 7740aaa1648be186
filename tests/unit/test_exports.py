"""What `import holdfast` offers: little is loaded, and everything that is promised is there."""

import subprocess
import sys

import pytest

import holdfast

MILLISECONDS = 150


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_every_promised_name_is_there():
    names = [name for name in holdfast.__all__ if name != "__version__"]
    assert all(
        getattr(holdfast, name).__module__.startswith("holdfast") or name == "Wishes"
        for name in names
    )
    assert sorted(holdfast.__all__) == dir(holdfast)


def test_a_name_that_is_not_promised_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = holdfast.Nonsense


def test_importing_the_package_loads_none_of_its_stages():
    loaded = run("import sys, holdfast; print([m for m in sys.modules if 'holdfast.' in m])")
    assert loaded == "[]"


def test_the_import_is_quick_even_with_a_whole_strategys_names():
    program = (
        "import time; began = time.process_time(); import holdfast; "
        "holdfast.Strategy, holdfast.Target, holdfast.quantity_for; "
        "print(time.process_time() - began)"
    )
    assert min(float(run(program)) for _ in range(3)) * 1_000 < MILLISECONDS


def test_a_strategys_file_loads_no_venue_journal_or_network():
    loaded = run("import sys, holdfast.examples.trend; print(*sys.modules)").split()
    assert not [m for m in loaded if m.startswith(("holdfast.venues", "holdfast.journal"))]
    assert not {"asyncio", "aiohttp", "picows", "sqlite3"} & set(loaded)
