"""Strategies to read, run and copy; each is one file that needs nothing but `holdfast`."""

from typing import Final

DEFAULT: Final = "holdfast.examples.trend:Trend"
MODULES: Final = (
    "holdfast.examples.hello",
    "holdfast.examples.quotes",
    "holdfast.examples.trend",
)
