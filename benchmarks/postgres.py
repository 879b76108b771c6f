"""A PostgreSQL cluster of our own for as long as the measuring lasts."""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.machine import cpu_seconds, free_port, inherited


class NoPostgreSQL(Exception):
    """The server programs of PostgreSQL are not installed."""


@dataclass
class Cluster:
    """A running cluster with PostgreSQL's default settings."""

    pid: int
    port: int
    databases: int = 0

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        self.databases += 1
        name = f"measured_{self.databases}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type, unused-ignore]
        return self.address(name)

    def address(self, name: str) -> str:
        """Return the address of one database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def cpu(self) -> float:
        """Return the processor seconds used so far; a backend that ended takes its own along."""
        return cpu_seconds(self.pid)


def newest_programs() -> Path:
    """Return the folder of the newest server programs.

    Raises:
        NoPostgreSQL: if there are none.
    """
    found = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path))
    if not found:
        raise NoPostgreSQL("PostgreSQL is not installed: no initdb in /usr/lib/postgresql.")
    return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))]).parent


@contextlib.contextmanager
def cluster(directory: Path) -> Iterator[Cluster]:
    """Run a cluster below a directory; as root, for the user `postgres`.

    Raises:
        NoPostgreSQL: if it is not installed.
    """
    programs = newest_programs()
    place = directory / "postgresql"
    place.mkdir()
    as_owner: list[str] = []
    if os.geteuid() == 0:
        as_owner = ["runuser", "-u", "postgres", "--"]
        shutil.chown(place, "postgres", "postgres")
        directory.chmod(0o711)
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run(
            [*as_owner, *command],
            check=True,
            cwd=place,
            env=inherited(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    where = str(place / "cluster")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={place}"
    run(str(programs / "initdb"), "-D", where, "-U", "postgres", "-A", "trust", "-E", "UTF8")
    control = str(programs / "pg_ctl")
    try:
        run(control, "-D", where, "-w", "-o", options, "-l", str(place / "log"), "start")
        pid = int((place / "cluster" / "postmaster.pid").read_text().splitlines()[0])
        yield Cluster(pid, port)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run(control, "-D", where, "-w", "-m", "immediate", "stop")
        time.sleep(0.1)
