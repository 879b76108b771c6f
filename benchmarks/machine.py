"""Processes on this machine: starting a server, and what it costs."""

import contextlib
import http.client
import os
import platform
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parent.parent


class NotStarted(Exception):
    """A server that did not come up; with the end of what it wrote."""


def free_port() -> int:
    """Ask the system for a port on loopback that nobody uses now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def tree_of(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found.extend(children.get(each, []))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process and its descendants have used so far."""
    ticks = 0
    for each in tree_of(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def busy_seconds() -> float:
    """Return the processor time that everything on this machine has used so far."""
    fields = [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    user, nice, system, _idle, _waiting, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / TICKS


def own_seconds() -> float:
    """Return the processor time of all that this process has started and of itself."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cpu_seconds(os.getpid()) + ended.ru_utime + ended.ru_stime


class Elsewhere:
    """How many processors others have been using since this was made."""

    def __init__(self, more: Callable[[], float] = lambda: 0.0) -> None:
        self.more = more
        self.begun_at = time.monotonic()
        self.before = self.used()

    def used(self) -> float:
        return busy_seconds() - own_seconds() - self.more()

    def processors(self) -> float:
        """Return the number; a machine of one's own has almost 0."""
        return max(0.0, self.used() - self.before) / (time.monotonic() - self.begun_at)


def wait_until_calm(more: Callable[[], float], *, below: float, at_most_seconds: float) -> None:
    """Wait until others leave the machine to us for a moment, or for as long as we may."""
    end = time.monotonic() + at_most_seconds
    while time.monotonic() < end:
        elsewhere = Elsewhere(more)
        time.sleep(0.5)
        if elsewhere.processors() < below:
            return


def memory_mb(pid: int) -> float:
    """Return the memory of a process and its descendants, each shared page counted once (PSS)."""
    kilobytes = 0
    for each in tree_of(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1024


@dataclass
class Server:
    """A running server on loopback."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    first_answer_seconds: float

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Return the processor seconds used so far."""
        return cpu_seconds(self.process.pid)

    def memory(self) -> float:
        """Return the megabytes used now."""
        return memory_mb(self.process.pid)

    def settle(self, at_most_seconds: float = 60) -> None:
        """Wait until nothing is being worked on any more, so that the next one has the machine."""
        end = time.monotonic() + at_most_seconds
        before = self.cpu()
        while time.monotonic() < end:
            time.sleep(0.1)
            now = self.cpu()
            if now - before <= 1.5 / TICKS:
                return
            before = now


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    *,
    port: int,
    directory: Path,
    environment: Mapping[str, str],
    ready: str = "/",
) -> Iterator[Server]:
    """Run a server for as long as this lasts; it is up once `ready` answers below 500.

    Raises:
        NotStarted: if it ends, or has not answered after a minute.
    """
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"server-{port}.log"
    started = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={**inherited(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, port, ready, log)
        yield Server(process, port, log, time.monotonic() - started)
    finally:
        stop(process)


def wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise NotStarted(f"{process.args!r} did not answer:\n{log.read_text()[-3000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started in a session of its own, and what it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
            break
    # Workers whose parent died without them are still in its process group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def inherited() -> dict[str, str]:
    """Return the environment, with this checkout and without settings of another sched."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SCHED_", "GRANIAN_", "PG"))}
    return {**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}


def as_sched_serves(target: str, *, port: int, threads: int) -> list[str]:
    """Return the command that serves a WSGI application just as `sched run` serves sched."""
    return [sys.executable, "-m", "benchmarks.serve", target, str(port), str(threads)]


def beside_python(name: str) -> Path:
    """Return a command of the environment that this runs in."""
    return Path(sys.executable).with_name(name)


def missing_tools() -> list[str]:
    """Return the programs that are needed and not installed."""
    return [name for name in ("wrk",) if shutil.which(name) is None]


def keeps_in_memory(directory: Path) -> bool:
    """Say whether a directory lies in memory only, so that writing durably costs nothing there."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    path = directory.resolve()
    holding = [m for m in mounts if path.is_relative_to(m[1])]
    return max(holding, key=lambda m: len(m[1]))[2] in {"tmpfs", "ramfs"} if holding else False


def fsync_ms(directory: Path) -> float:
    """Measure what it takes to write 4 KiB durably."""
    content = b"\0" * 4096
    with (directory / "fsync").open("wb") as file:
        times = []
        for _ in range(50):
            started = time.perf_counter()
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    return sorted(times)[25] * 1000


def described() -> dict[str, str]:
    """Say what the figures were measured on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "processors": str(os.cpu_count()),
        "python": platform.python_version(),
        "granian": version("granian"),
        "flask": version("flask"),
        "sqlalchemy": version("sqlalchemy"),
    }
