"""A PostgreSQL of the tests' own: started when the first test asks for it, gone with the test run.

The cluster belongs to the process that began the tests. Started as a program, this module watches
over one cluster: it ends it and removes its folder as soon as that process ends, however it ends.
"""

import contextlib
import fcntl
import os
import pwd
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Composed, Identifier

PATIENCE_SECONDS = 60
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    # Far from UTC, so that nobody relies on the server's own zone.
    "timezone": "Asia/Kathmandu",
}


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL. Its databases belong to the role `sched`, which is no superuser."""

    folder: Path

    def url(self, name: str) -> str:
        """Return the address of a database, as in SCHED_DATABASE_URL."""
        return f"postgresql://sched@/{name}?host={self.folder / 'socket'}"

    def connect(self, name: str = "postgres", *, user: str = "postgres") -> psycopg.Connection:
        """Return a connection in autocommit; by default the superuser's."""
        return psycopg.connect(
            host=str(self.folder / "socket"), dbname=name, user=user, autocommit=True
        )

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, empty or as a copy of another, and return its address."""
        self._do(
            SQL("CREATE DATABASE {} OWNER sched TEMPLATE {}").format(
                Identifier(name), Identifier(template or "template0")
            )
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, and whoever is connected to it."""
        self._do(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    @contextlib.contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Give the address of a new database that is dropped afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self.create_database(name, template)
        try:
            yield self.url(name)
        finally:
            self.drop_database(name)

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """Return the name of a database to copy, filled once in the whole test run.

        `fill` gets its address and must have closed its connections when it returns.
        """
        filled = self.folder / f"template-{name}"
        with locked(self.folder):
            if not filled.exists():
                self.drop_database(name)
                fill(self.create_database(name))
                self._do(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
                filled.touch()
        return name

    def _do(self, statement: Composed) -> None:
        with self.connect() as connection:
            connection.execute(statement)


def new_folder() -> Path:
    """Return where a cluster can be; nothing is made yet. Short: sockets have short paths."""
    return Path(tempfile.gettempdir(), f"sched-postgresql-{secrets.token_hex(4)}")


def cluster_in(folder: Path, *, owner: int) -> Cluster:
    """Return the cluster in this folder, started if it is not running yet.

    It ends with the process `owner`. Any number of processes may ask at once.
    """
    folder.mkdir(mode=0o711, exist_ok=True)
    with locked(folder):
        if not (folder / "ready").exists():
            command = [sys.executable, __file__, str(folder), str(owner)]
            subprocess.run(command, check=True, timeout=PATIENCE_SECONDS, close_fds=True)
    return Cluster(folder)


def stop(folder: Path) -> None:
    """Stop the cluster in this folder, if there is one, and wait until it is gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((folder / "keeper").read_text()), signal.SIGTERM)
        patient_until = time.monotonic() + PATIENCE_SECONDS
        while folder.exists() and time.monotonic() < patient_until:
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time do something in the folder."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- The keeper of a cluster ---------------------------------------------------------------------


def main() -> int:
    """Start a cluster, leave a keeper behind that watches over it, and return when it is ready."""
    folder, owner = Path(sys.argv[1]), int(sys.argv[2])
    heard, told = os.pipe()
    if os.fork() == 0:
        os.close(heard)
        try:
            _keep(folder, owner, is_ready=told)
        except Exception:  # noqa: BLE001 - whatever it is, the one who waits wants to read it
            traceback.print_exc()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
    os.close(told)
    if os.read(heard, 1):
        return 0
    print("PostgreSQL for the tests did not start.", file=sys.stderr)  # noqa: T201
    return 1


def _keep(folder: Path, owner: int, *, is_ready: int) -> None:
    os.setsid()
    owner_ends = os.pidfd_open(owner)
    asked, asking = os.pipe()
    os.set_blocking(asking, False)
    signal.set_wakeup_fd(asking)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    (folder / "keeper").write_text(str(os.getpid()))

    server = _start(folder)
    try:
        _wait_for(server, Cluster(folder))
        (folder / "ready").touch()
        os.write(is_ready, b"!")
        os.close(is_ready)
        _let_go_of_the_terminal()
        # The server ends early only when somebody ends it; then there is nothing left to keep.
        while server.poll() is None:
            if owner_ends in select.select([owner_ends, asked], [], [])[0]:
                break
            if set(os.read(asked, 64)) - {signal.SIGCHLD}:
                break
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def _start(folder: Path) -> subprocess.Popen[bytes]:
    programs = _programs()
    log = folder / "log"
    # PostgreSQL refuses to run as root, and must not outlive its keeper.
    become = ["setpriv", "--pdeathsig", "QUIT"]
    for name in ("data", "socket"):
        (folder / name).mkdir(mode=0o755)
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        become += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        for name in ("data", "socket"):
            os.chown(folder / name, user.pw_uid, user.pw_gid)
    with log.open("ab") as output:
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
        ]
        initdb += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(
            [*become, *initdb], check=False, stdout=output, stderr=output, cwd="/"
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{log.read_text()}")
        settings = SETTINGS | {"unix_socket_directories": str(folder / "socket")}
        server = [str(programs / "postgres"), "-D", str(folder / "data")]
        server += [f"--{name}={value}" for name, value in settings.items()]
        return subprocess.Popen([*become, *server], stdout=output, stderr=output, cwd="/")


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    initdb = shutil.which("initdb")
    if initdb is None:
        raise RuntimeError("There is no PostgreSQL; bin/setup --for-tests installs it.")
    return Path(initdb).resolve().parent


def _wait_for(server: subprocess.Popen[bytes], cluster: Cluster) -> None:
    patient_until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with cluster.connect() as connection:
                connection.execute("CREATE ROLE sched LOGIN")
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > patient_until:
                raise RuntimeError((cluster.folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return


def _let_go_of_the_terminal() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
