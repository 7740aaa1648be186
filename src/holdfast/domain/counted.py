"""Numbers of things in a line that a person reads."""


def counted(count: int, noun: str) -> str:
    """Say how many there are, such as 1 order or 1,000 orders."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
