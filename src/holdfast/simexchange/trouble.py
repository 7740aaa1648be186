"""What the server could not handle, on standard error, one line each."""

import logging
import sys


class _OneLine(logging.Formatter):
    """Say what happened and why, without a trace."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            text = f"{text}: {type(error).__name__}: {error}"
        return f"holdfast: simulated exchange: {' '.join(text.split())}"


def trouble_log() -> logging.Logger:
    """Return the logger of the server; errors go to standard error."""
    logger = logging.getLogger("holdfast.simexchange")
    logger.propagate = False
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_OneLine())
    logger.handlers = [lines]
    return logger
