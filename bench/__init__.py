"""Measurements against floors and peers, taken side by side in one run."""
