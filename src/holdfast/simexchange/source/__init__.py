"""Where market records come from: recorded files of several formats, or a seeded generator."""

from holdfast.simexchange.source.market import Market, open_market

__all__ = ["Market", "open_market"]
