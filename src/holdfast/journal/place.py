"""Where a journal may stand: on a disk of this machine, because locks of other disks lie."""

from pathlib import Path

from holdfast.errors import JournalFailed

NETWORK = {"afs", "cifs", "fuse.sshfs", "glusterfs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}
MOUNTS = Path("/proc/self/mounts")
_SPACE = "\\040"


def is_empty(path: Path) -> bool:
    """Tell whether a file holds nothing, or is not there."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True


def refuse_network(path: Path, *, mounts: Path = MOUNTS) -> None:
    """JournalFailed on a network file system; silent where the system does not say."""
    try:
        lines = mounts.read_text().splitlines()
        place = path.resolve()
    except (OSError, ValueError):
        return
    kinds = {
        Path(point.replace(_SPACE, " ")): kind
        for _, point, kind, *_ in (line.split() for line in lines)
    }
    for folder in place.parents:
        if folder in kinds:
            if kinds[folder] in NETWORK:
                raise JournalFailed(
                    f"journal {path} would be on {kinds[folder]}, whose locks and flushes "
                    "cannot be trusted; put it on a disk of this machine"
                )
            return
