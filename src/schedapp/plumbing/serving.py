"""The server program: Granian, in this process, with the settings that suit sched."""

from __future__ import annotations

import copy
import ctypes
import errno
import gc
import ipaddress
import logging
import multiprocessing
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from schedapp.config import Settings

FINISHING_SECONDS = 15
"""How long requests that run may take when the server is asked to end."""

_CONNECTIONS = 1024
_GIVEN_UP_WITHIN = 5.5  # seconds after its start in which Granian takes an end for a crash loop
_BEGINNING = 0.5
_PR_SET_PDEATHSIG = 1


class CannotListen(Exception):
    """The address or port cannot be listened on; the sentence says why."""


def address_of(host: str) -> str:
    """Return the IP address to listen on, for an address as people write it, or localhost.

    Raises:
        CannotListen: if it is none. Names are not looked up: that would be asking others.
    """
    name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return str(ipaddress.ip_address("127.0.0.1" if name == "localhost" else name))
    except ValueError:
        raise CannotListen(
            f"--host should be an IP address of this machine, or localhost, not {host!r}."
        ) from None


def check_is_free(address: str, port: int) -> None:
    """Check that nobody listens on a port yet.

    The server's processes share the port (SO_REUSEPORT), and so would a second server of the same
    user: nobody would notice until requests go to either.

    Raises:
        CannotListen: if somebody does, or if we may not.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except OSError as error:
            raise CannotListen(_why_not(error, address, port)) from None


def _why_not(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Another sched may be running; or choose another --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host should be an IP address of this machine, not {address}."
    if error.errno == errno.EACCES:
        return f"Port {port} is for the system's administrator. Choose a --port from 1024 up."
    return f"sched cannot listen on {address}, port {port}: {error.strerror}."


def serve(app: Callable[..., Any], settings: Settings, address: str, port: int) -> None:
    """Serve a WSGI application until this process is asked to end.

    Requests that run are finished then. The server's processes are forks of this one, and share
    its memory: all is imported once, here.
    """
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415  (only servers need it)
    from granian.log import LogLevels  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    multiprocessing.set_start_method("fork", force=True)

    class PatientServer(Server):  # type: ignore[misc, valid-type, unused-ignore]
        """Gives up when a process ends as it begins, not when two are killed within seconds."""

        def _respawn_workers(self, workers: Any, *more: Any, **named: Any) -> None:
            super()._respawn_workers(workers, *more, **named)
            for number in workers:
                self.respawned_wrks[number] -= _GIVEN_UP_WITHIN - _BEGINNING

    server = PatientServer(
        "schedapp.wsgi:app",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.processes,
        # Connections, most of them open and idle, are many; requests that are answered at the
        # same time are few, the others wait in line.
        backlog=_CONNECTIONS,
        backpressure=_CONNECTIONS,
        blocking_threads=settings.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISHING_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=_log_of_server(),
    )
    gc.collect()
    gc.freeze()  # what is there now stays; looking through it would unshare its memory
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()

    def application_of_process(_target: str) -> Callable[..., Any]:
        # Until Granian listens to it here, the parent's own handler would swallow this signal.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _end_with(parent)
        # Ctrl+C reaches all processes of a terminal, and then the parent asks its children to
        # end. A child that hears both at once may hang; it is enough that the parent asks.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        return app

    server.serve(target_loader=application_of_process)


def _end_with(parent: int) -> None:
    """End this process when its parent ends, however: it would keep the port otherwise."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _log_of_server() -> dict[str, Any]:
    from granian.log import LOGGING_CONFIG  # noqa: PLC0415

    config: dict[str, Any] = copy.deepcopy(LOGGING_CONFIG)
    config["formatters"]["generic"]["fmt"] = "%(asctime)s %(levelname)s %(message)s"
    del config["formatters"]["generic"]["datefmt"]
    config["handlers"]["console"] |= {"stream": "ext://sys.stderr", "filters": ["settings"]}
    config["filters"] = {"settings": {"()": _SettingsAreMeant}}
    return config


class _SettingsAreMeant(logging.Filter):
    """Leave out advice on the numbers of threads and processes.

    It is for programs that compute. Ours wait: for the disk, for PostgreSQL, for a password's
    hash; and the numbers are the administrator's to set (SCHED_THREADS, SCHED_PROCESSES).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(("Configuration allows", "Configured number"))
