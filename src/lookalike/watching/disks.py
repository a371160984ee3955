"""A folder → whether the system tells of what others change in it, and the kind of its disk.

A network drive is changed by other machines, of which no system tells; nor do most of those that a
program shows as a folder (FUSE), or that a virtual machine is lent by its host.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterable

_LOG = logging.getLogger(__name__)
_SILENT = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "ncpfs"),
        *("9p", "afs", "ceph", "glusterfs", "lustre", "ocfs2", "gfs2", "beegfs", "orangefs"),
        *("vboxsf", "vmhgfs", "prl_fs", "virtiofs", "drvfs", "fuse", "macfuse", "osxfuse"),
    )
)
_LINE = re.compile(r"^.+? on (?P<place>/.*) \((?P<kind>[^,)]+)")  # of the command mount, on a Mac
_REMOTE = 4  # what Windows calls the drive of another machine


def tells(folder: str) -> tuple[bool, str]:
    """Whether the system tells of changes in a folder, as far as can be known; and the kind of its
    file system, empty where it is not known."""
    try:
        kind = _kind(os.path.realpath(folder))
    except (OSError, subprocess.SubprocessError) as error:
        _LOG.info("the kind of the disk of %s is not known: %s", folder, error)
        kind = ""
    return not is_silent(kind), kind


def is_silent(kind: str) -> bool:
    """Whether a file system of this kind changes without a word."""
    return kind in _SILENT or kind.startswith("fuse.")


def _kind(folder: str) -> str:
    if sys.platform == "win32":
        return _kind_on_windows(folder)
    if sys.platform == "darwin":
        told = subprocess.run(["/sbin/mount"], capture_output=True, check=True, timeout=10)
        return kind_of(folder, mounts_of_mac(os.fsdecode(told.stdout).splitlines()))
    with open("/proc/self/mountinfo", "rb") as table:  # noqa: PTH123 - lines of bytes
        return kind_of(folder, mounts_of_linux(map(os.fsdecode, table)))


def mounts_of_linux(lines: Iterable[str]) -> list[tuple[str, str]]:
    """The lines of mountinfo → (place, kind) of each mount, in their order."""
    found = []
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) > 4 and after:
            place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            found.append((place, after.split(" ")[0]))
    return found


def mounts_of_mac(lines: Iterable[str]) -> list[tuple[str, str]]:
    """What the command mount prints → (place, kind) of each mount, in their order."""
    found = (_LINE.match(line) for line in lines)
    return [(one["place"], one["kind"]) for one in found if one]


def kind_of(folder: str, mounts: Iterable[tuple[str, str]]) -> str:
    """The kind of the mount that a folder lies on: the deepest, and of several at one place the
    last."""
    best, kind = -1, ""
    for place, its in mounts:
        top = place.rstrip("/")
        if (folder == top or folder.startswith(f"{top}/")) and len(top) >= best:
            best, kind = len(top), its
    return kind


def _kind_on_windows(folder: str) -> str:
    import ctypes

    drive = os.path.splitdrive(folder)[0]
    if drive.startswith("\\\\"):
        return "smbfs"
    windows = getattr(ctypes, "windll")  # noqa: B009 - other systems' types do not know it
    return "smbfs" if windows.kernel32.GetDriveTypeW(f"{drive}\\") == _REMOTE else ""
