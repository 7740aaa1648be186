"""Holdfast, a live trading runtime: the strategy is yours, holding on is ours."""

__version__ = "0.1.0"
