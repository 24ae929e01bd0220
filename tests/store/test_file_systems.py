"""File systems that machines share, as a table of mounts tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.store.file_systems import shared_file_system

MOUNTS = r"""overlay / overlay rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export /home/shared\040data nfs4 rw,vers=4.2 0 0
10.0.0.1@tcp:/scratch /scratch lustre rw,flock 0 0
/dev/nvme0 /scratch/local xfs rw 0 0
bucket /mnt/bucket fuse.gcsfuse rw 0 0
overlay /run/user fuse.fuse-overlayfs rw 0 0
//host/share /win cifs rw 0 0
/dev/sdb1 /usb fuseblk rw 0 0
tmpfs /covered nfs rw 0 0
tmpfs /covered tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ann/mien.db", ""),
        ("/home/shared data/mien.db", "nfs4"),
        ("/scratch/mien.db", "lustre"),
        ("/scratch/local/mien.db", ""),
        ("/mnt/bucket/new/mien.db", "fuse.gcsfuse"),
        ("/win/mien.db", "cifs"),
        ("/run/user/mien.db", ""),
        ("/usb/mien.db", ""),
        ("/covered/mien.db", ""),
        ("/mien.db", ""),
    ],
)
def test_the_nearest_mount_tells(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert shared_file_system(Path(path), mounts) == kind


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert shared_file_system(Path("/home"), tmp_path / "none") == ""
