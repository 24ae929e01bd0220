"""Whether a store lies on a file system that several machines share, where its locks cannot be relied on."""

from __future__ import annotations

import re
from pathlib import Path

_MOUNTS = Path("/proc/mounts")

# Lustre, GPFS and the others keep locks between machines only where they are mounted so, and none of them
# shares memory between machines, which a store's write-ahead log takes for granted.
_SHARED = re.compile(
    r"nfs\d*|cifs|smb\w*|lustre|gpfs|beegfs|ceph|glusterfs|afs|pvfs2|ocfs2|gfs2|"
    r"fuse\.(?:sshfs|s3fs|gcsfuse|goofys|rclone|blobfuse2?|mount-s3|glusterfs|ceph|juicefs|beegfs|cvmfs2)"
)


def shared_file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """The kind of the file system that a file is on, where it is one that machines share; else empty.

    Args:
        path: the file, which need not be there yet.
        mounts: the system's table of what is mounted; where there is none, nothing is known.
    """
    try:
        table = mounts.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    rows = (row.split(" ") for row in table.splitlines())
    kinds = {_unescaped(row[1]): row[2] for row in rows if len(row) > 2}  # the last at a place covers others
    found = path.resolve()
    kind = next((kinds[place] for place in map(str, (found, *found.parents)) if place in kinds), "")
    return kind if _SHARED.fullmatch(kind) else ""


def _unescaped(place: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place)
