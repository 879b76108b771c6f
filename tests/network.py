"""No network but loopback: whoever reaches further in a test is told so at once."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

LOOPBACK_NAMES = {"", "localhost"}


class NetworkIsOff(RuntimeError):
    """Something wanted to leave this machine, or asked where another one is."""


def is_loopback(host: object) -> bool:
    """Return whether a host, as sockets are given it, is this machine itself."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _check(host: object) -> None:
    if not is_loopback(host):
        raise NetworkIsOff(f"The network is off in tests, and this asked for {host!r}.")


def _checks_address(name: str, position: int) -> Callable[..., Any]:
    """Return the socket's method, looking at the address that it is given."""
    original = getattr(socket.socket, name)

    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and len(args) > abs(position) - 1:
            address = args[position]
            if isinstance(address, tuple):
                _check(address[0])
        return original(self, *args)

    return guarded


def _checks_host(name: str) -> Callable[..., Any]:
    """Return the look-up, looking at the name that is asked for."""
    original = getattr(socket, name)

    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        _check(host[0] if isinstance(host, tuple) else host)
        return original(host, *args, **kwargs)

    return guarded


METHODS = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": -1}
LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")


def switch_off() -> Callable[[], None]:
    """Close this process's way to the network; what is returned opens it again."""
    inherited = [name for name in METHODS if name not in vars(socket.socket)]
    methods = {name: getattr(socket.socket, name) for name in METHODS}
    look_ups = {name: getattr(socket, name) for name in LOOK_UPS}
    for name, position in METHODS.items():
        setattr(socket.socket, name, _checks_address(name, position))
    for name in LOOK_UPS:
        setattr(socket, name, _checks_host(name))

    def switch_on() -> None:
        for name, method in methods.items():
            if name in inherited:
                delattr(socket.socket, name)
            else:
                setattr(socket.socket, name, method)
        for name, look_up in look_ups.items():
            setattr(socket, name, look_up)

    return switch_on
