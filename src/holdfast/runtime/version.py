"""Which version of the program this is, as its installation says."""

from importlib.metadata import PackageNotFoundError, version

_UNINSTALLED = "0.1.0"


def program_version() -> str:
    """Give the installed version; from a bare source tree the one of the source."""
    try:
        return version("holdfast")
    except PackageNotFoundError:
        return _UNINSTALLED
