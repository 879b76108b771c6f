"""The real program, started as a person would, and a client that talks plain HTTP to it."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS = 30


@dataclass
class Server:
    """A running server, all its processes in one process group."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Return its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the process that was started, the parent of all others."""
        return self.process.pid

    def children(self) -> list[int]:
        """Return its other processes that are alive, the oldest first."""
        return [pid for pid in _alive_in_group(self.pid) if pid != self.pid]

    def workers(self) -> list[int]:
        """Return the processes that answer requests, the oldest first."""
        return [pid for pid in self.children() if not _is_bookkeeping(pid)]

    def output(self) -> str:
        """Return what it has printed until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Ask it to end, wait until it has, and return its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def client(self) -> "Client":
        """Return a new client of it, without cookies."""
        return Client(self.port)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def running(
    command: list[str], *, port: int, log: Path, env: Mapping[str, str], path: str = "/healthz"
) -> Iterator[Server]:
    """Run a program that serves at a port; what it leaves behind is killed.

    It is ready when `path` answers 200.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=env,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        _wait_for(server, path)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        while _alive_in_group(process.pid):
            time.sleep(0.01)


@contextlib.contextmanager
def running_sched(
    folder: Path, *options: str, sched: Path | None = None, **settings: str
) -> Iterator[Server]:
    """Run `sched run` with its data in the folder, and settings by their names in small letters.

    `running_sched(tmp_path, "--help", database_url=url)`
    """
    port = free_port()
    sched = sched or Path(sys.executable).with_name("sched")
    command = [str(sched), "run", "--port", str(port), *options]
    env = clean_environment(data_dir=str(folder / "data"), **settings)
    with running(command, port=port, log=folder / "log", env=env) as server:
        yield server


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without its settings of sched, and with these."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SCHED_")}
    return env | {f"SCHED_{name.upper()}": value for name, value in settings.items()}


def _wait_for(server: Server, path: str) -> None:
    patient_until = time.monotonic() + PATIENCE_SECONDS
    while True:
        ended = server.process.poll()
        if ended is not None:
            raise RuntimeError(f"The server ended with {ended}:\n{server.output()}")
        if time.monotonic() > patient_until:
            raise RuntimeError(f"The server did not get ready:\n{server.output()}")
        with contextlib.suppress(OSError, http.client.HTTPException), server.client() as client:
            if client.get(path).status == 200:
                return
        time.sleep(0.05)


def _alive_in_group(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                # After the name in brackets: state, parent, group; the 20th is the start time.
                facts = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(facts[2]) == group and facts[0] != "Z":
                    found.append((int(facts[19]), int(entry.name)))
    return [pid for _, pid in sorted(found)]


def _is_bookkeeping(pid: int) -> bool:
    """Return whether a process only serves Python's multiprocessing."""
    with contextlib.suppress(OSError):
        words = Path("/proc", str(pid), "cmdline").read_bytes()
        return b"resource_tracker" in words or b"forkserver" in words
    return True


# --- The client ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8")

    @property
    def json(self) -> object:
        """Return the body, read as JSON."""
        return json.loads(self.body)

    @property
    def location(self) -> str | None:
        """Return where it redirects to, as it stands in the header."""
        return self.headers["Location"]

    def field(self, name: str) -> str | None:
        """Return the value of the page's first `<input>` of this name."""
        for element in re.findall(r"<input\b[^>]*>", self.text):
            if _attribute(element, "name") == name:
                return _attribute(element, "value") or ""
        return None


def _attribute(element: str, name: str) -> str | None:
    found = re.search(rf"""\s{name}=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", element)
    return (
        unescape(next(group for group in found.groups() if group is not None)) if found else None
    )


@dataclass
class Client:
    """One browser without a screen: it keeps cookies and a connection, and follows nothing."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: str, **headers: str) -> Answer:
        """Get a page."""
        return self.request("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Post a form just as it is given, without a token of its own."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        return self.request("POST", path, urlencode(fields or {}).encode(), headers=headers)

    def submit(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Open a page, and post its form with these fields and the token that was in it."""
        page = self.get(path, **headers)
        token = page.field("csrf_token")
        if token is None:
            raise LookupError(f"{path} answers {page.status} and has no form token:\n{page.text}")
        return self.post(path, {"csrf_token": token, **(fields or {})}, **headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any request. Underscores in a header's name stand for hyphens."""
        path = self._own_path(path)
        sent = self.headers | dict(headers or {})
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=PATIENCE_SECONDS
            )
        try:
            self._connection.request(
                method, path, body, {name.replace("_", "-"): v for name, v in sent.items()}
            )
            response = self._connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        self._keep_cookies(answer)
        return answer

    def _own_path(self, path: str) -> str:
        """Return the path of a whole address of this server, so that Locations can be followed."""
        parts = urlsplit(path)
        if parts.netloc and parts.port != self.port:
            raise LookupError(f"{path} is not on this server")
        return path.partition(parts.netloc)[2] or "/" if parts.netloc else path

    def _keep_cookies(self, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, rest = line.partition("=")
            value, *attributes = (part.strip() for part in rest.split(";"))
            if not value or any(a.lower() == "max-age=0" for a in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
