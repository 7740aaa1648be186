"""The random port: seeded generators for what must repeat, the system's entropy for names."""

import random
import secrets


def seeded(seed: int, purpose: str) -> random.Random:
    """Make a generator that repeats for a seed and is independent for each purpose."""
    return random.Random(f"{seed}/{purpose}")


def entropy() -> int:
    """Give 64 bits that nobody can guess, for the id of a journal outside replay."""
    return secrets.randbits(64)


def key() -> str:
    """Make an idempotency key for a command that was given none."""
    return secrets.token_hex(16)
