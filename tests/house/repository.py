"""The files of this repository."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def names_of_files() -> list[str]:
    """Return the files that are in git, or would be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    names = listed.stdout.decode().rstrip("\0").split("\0")
    return sorted(name for name in set(names) if (ROOT / name).is_file())
