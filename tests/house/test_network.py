"""Tests reach nobody but this machine."""

import socket
import urllib.request
from collections.abc import Callable

import pytest
from tests.network import NetworkIsOff, is_loopback

ELSEWHERE = ("192.0.2.1", 9)  # an address for documentation (RFC 5737)


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(ELSEWHERE, timeout=1),
        lambda: socket.getaddrinfo("sched.example.org", 443),
        lambda: socket.gethostbyname("sched.example.org"),
        lambda: urllib.request.urlopen("http://sched.example.org/", timeout=1),
    ],
)
def test_it_refuses_what_leads_away(reach: Callable[[], object]) -> None:
    with pytest.raises(NetworkIsOff):
        reach()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
@pytest.mark.parametrize("name", ["connect", "connect_ex"])
def test_it_refuses_a_connection(name: str, family: int) -> None:
    address = "192.0.2.1" if family == socket.AF_INET else "2001:db8::1"
    with socket.socket(family) as outward, pytest.raises(NetworkIsOff):
        getattr(outward, name)((address, 9))


def test_it_refuses_a_packet() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        with pytest.raises(NetworkIsOff):
            outward.sendto(b"?", ELSEWHERE)
        with pytest.raises(NetworkIsOff):
            outward.sendmsg([b"?"], [], 0, ELSEWHERE)


def test_it_lets_this_machine_talk_to_itself() -> None:
    with (
        socket.create_server(("localhost", 0)) as listening,
        socket.create_connection(listening.getsockname()) as inward,
        listening.accept()[0] as answering,
    ):
        inward.sendall(b"hello")
        assert answering.recv(5) == b"hello"


def test_it_lets_sockets_without_addresses_be() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.sendmsg([b"hello"])
        assert other.recv(5) == b"hello"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (None, True),
        ("localhost", True),
        ("127.0.0.1", True),
        (b"127.8.9.1", True),
        ("::1", True),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("10.0.0.1", False),
        ("::", False),
    ],
)
def test_loopback_is_this_machine(host: object, *, expected: bool) -> None:
    assert is_loopback(host) is expected
