"""Every exception of the product, in one tree; each leaf says what to do next.

    HoldfastError
    ├── UsageError          FIX      the command line or an argument is wrong         exit 2
    ├── ConfigError         FIX      a configuration file or value is wrong           exit 2
    ├── StrategyLoadError   FIX      a strategy cannot be loaded                      exit 2
    ├── DataError           FIX      a market data file is unreadable or unsuitable   exit 2
    ├── NotFound            FIX      a named thing does not exist                     exit 3
    ├── CredentialsRefused  FIX      the venue refused key, signature or permission   exit 4
    ├── VenueTimeout        RETRY    the venue did not answer in time                 exit 5
    ├── VenueUnavailable    RETRY    the venue cannot be reached                      exit 1
    ├── VenueRefused        FIX      the venue refused a request that is not an order exit 1
    ├── CommandRefused      FIX      a policy or a risk rule refused a command        exit 6
    ├── JournalError        STOP
    │   ├── JournalLocked   FIX      another process writes this journal              exit 1
    │   ├── JournalNewer    FIX      written by a newer version                       exit 1
    │   ├── JournalCorrupt  RECOVER  bytes do not match the chain                     exit 1
    │   └── JournalFailed   STOP     the disk refused a write                         exit 1
    ├── InvariantBroken     STOP     a law of the program does not hold: a bug        exit 1
    └── StrategyFailed      HALT     a strategy raised or returned nonsense           exit 1

The exit codes are the documented ones of the command line; `runtime/supervise.py` alone reads
the remedies.
"""

from enum import Enum


class Remedy(Enum):
    """What has to happen after an error before work goes on."""

    FIX = "a person corrects the input"
    RETRY = "the same call may be made again"
    RECOVER = "run the named recovery, then start again"
    HALT = "the failing part stays stopped, the rest goes on"
    STOP = "the process ends"


class HoldfastError(Exception):
    """An expected failure; its text is the one line that a user reads."""

    remedy = Remedy.STOP
    exit_code = 1


class UsageError(HoldfastError):
    """The command line or an argument is wrong."""

    remedy = Remedy.FIX
    exit_code = 2


class ConfigError(HoldfastError):
    """A configuration file or value is wrong."""

    remedy = Remedy.FIX
    exit_code = 2


class StrategyLoadError(HoldfastError):
    """A strategy file or class cannot be loaded."""

    remedy = Remedy.FIX
    exit_code = 2


class DataError(HoldfastError):
    """A market data file cannot be read, or holds no market."""

    remedy = Remedy.FIX
    exit_code = 2


class NotFound(HoldfastError):
    """A named thing does not exist."""

    remedy = Remedy.FIX
    exit_code = 3


class CredentialsRefused(HoldfastError):
    """The venue refused the key, the signature or the permission."""

    remedy = Remedy.FIX
    exit_code = 4


class VenueTimeout(HoldfastError):
    """The venue did not answer in time."""

    remedy = Remedy.RETRY
    exit_code = 5


class VenueUnavailable(HoldfastError):
    """The venue cannot be reached."""

    remedy = Remedy.RETRY


class VenueRefused(HoldfastError):
    """The venue refused a request that is not an order."""

    remedy = Remedy.FIX


class CommandRefused(HoldfastError):
    """A policy or a risk rule refused a command."""

    remedy = Remedy.FIX
    exit_code = 6


class JournalError(HoldfastError):
    """Something is wrong with the journal."""


class JournalLocked(JournalError):
    """Another process writes this journal."""

    remedy = Remedy.FIX


class JournalNewer(JournalError):
    """The journal was written by a newer version of the program."""

    remedy = Remedy.FIX


class JournalCorrupt(JournalError):
    """Stored bytes do not match the hash chain."""

    remedy = Remedy.RECOVER


class JournalFailed(JournalError):
    """The disk refused a write; nothing may be sent any more."""


class InvariantBroken(HoldfastError):
    """A law of the program does not hold; always a bug."""


class StrategyFailed(HoldfastError):
    """A strategy raised, returned nonsense or was too slow."""

    remedy = Remedy.HALT


def one_line(text: str, *, most: int = 500) -> str:
    """Give a text of any origin as one printable line that can be encoded, cut at a length."""
    line = " ".join(text[: 2 * most].split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
    return line if len(line) <= most else f"{line[: most - 3]}..."
