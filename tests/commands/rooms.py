"""Places where writing is difficult."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def as_nobody() -> Iterator[tuple[tuple[str, ...], Path]]:
    """Give what makes a command another user's, and a folder that this user may look into.

    The system's administrator can write everywhere; so the command becomes somebody else.
    """
    folder = Path(tempfile.mkdtemp(prefix="sched-"))
    folder.chmod(0o755)
    become = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    try:
        yield (become if os.getuid() == 0 else ()), folder
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)


@contextlib.contextmanager
def small_disk(size: int) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Give a folder with little room in it, and what a command there begins with.

    A disk of its own where we may have one; else no file of the command may be larger.
    """
    base = Path(tempfile.mkdtemp(prefix="sched-"))
    folder = base / "disk"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "sched-test", str(folder)]
    mounted = os.getuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield folder, () if mounted else ("prlimit", f"--fsize={size}")
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(base)
