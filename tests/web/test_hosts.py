"""Whom a request asks for, and through whom it came (sentence 35)."""

import ipaddress
from collections.abc import Iterator

import pytest
from flask import Flask, request
from tests.conftest import Browsing
from tests.observing import statements
from tests.web.doors import DOORS
from tests.web.profiles import like

pytestmark = pytest.mark.sentence(35)

PROXY = "10.0.0.7"
CLIENT = "203.0.113.9"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LocalHost:8000",
        "127.0.0.1",
        "127.0.0.1:8123",
        "[::1]",
        "[::1]:8000",
    ],
)
def test_this_machines_own_names_are_known(anonymous: Browsing, host: str) -> None:
    assert anonymous.get("/healthz", headers={"Host": host}).status_code == 200


UNKNOWN = [
    "",
    ":",
    ":80",
    "evil.example",
    "evil.example:80",
    "localhost.evil.example",
    "evil-localhost",
    "localhost@evil.example",
    "localhost:80@evil.example",
    "localhost:x",
    "localhost:８０",
    "localhost:81:82",
    "localhost,evil.example",
    "localhost/",
    "localhost\\",
    "localhost evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "2130706433",
    "0",
    "::1",
    "[::2]",
    "[::1",
    "[::1].evil.example",
    "\xe9.example",
    "sched.example.org",
]


def test_others_are_refused(as_ana: Browsing) -> None:
    for host in UNKNOWN:
        answer = as_ana.get("/account/", environ_overrides=_asking_for(host))

        assert answer.status_code == 400, ascii(host)
        assert "Location" not in answer.headers


def _asking_for(host: str) -> dict[str, str]:
    return {"HTTP_HOST": host.encode().decode("latin-1")}


def test_every_door_asks_for_whom_a_request_is(as_ana: Browsing) -> None:
    for door in DOORS:
        address = door.rule.replace("<path:name>", "x").replace("<", "").replace(">", "")

        with statements(as_ana.application) as said:
            answer = as_ana.open(address, method=door.method, headers={"Host": "evil.example"})

        assert answer.status_code == 400, door
        assert said == []
        assert "evil" not in answer.text


def test_nor_does_it_lead_there(anonymous: Browsing) -> None:
    answer = anonymous.get("/appointments", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_a_request_of_the_old_kind_without_a_host_is_refused(anonymous: Browsing) -> None:
    # As Granian passes it on: the header is there and empty.
    answer = anonymous.get(
        "/healthz", environ_overrides={"HTTP_HOST": "", "SERVER_PROTOCOL": "HTTP/1"}
    )

    assert answer.status_code == 400


@pytest.fixture
def public(app: Flask) -> Iterator[Flask]:
    with like(
        app,
        public_url="https://sched.example.org",
        trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")),
    ) as made:
        _show_what_arrived(made)
        yield made


def _show_what_arrived(app: Flask) -> None:
    app.view_functions["health.health"] = lambda: {
        "address": request.remote_addr,
        "scheme": request.scheme,
        "host": request.host,
    }


def test_with_a_public_address_only_that_is_known(public: Flask) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]:8000", *UNKNOWN[:-1]):
        answer = public.test_client().get("/healthz", environ_overrides=_asking_for(host))

        assert answer.status_code == 400, ascii(host)


@pytest.mark.parametrize("host", ["sched.example.org", "Sched.Example.ORG"])
def test_that_one_is(public: Flask, host: str) -> None:
    assert public.test_client().get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["sched.example.org:8080", "sched.example.org.", "org"])
def test_nothing_like_it_is(public: Flask, host: str) -> None:
    assert public.test_client().get("/healthz", headers={"Host": host}).status_code == 400


def _arrived(app: Flask, peer: str, **headers: str) -> object:
    answer = app.test_client().get(
        "/healthz",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        environ_overrides={"REMOTE_ADDR": peer, "HTTP_HOST": "sched.example.org"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize("peer", [CLIENT, "127.0.0.1", "::1", "11.0.0.1", "", "10.0.0.7.evil"])
def test_who_is_no_trusted_proxy_is_not_believed(public: Flask, peer: str) -> None:
    said = {
        "X_Forwarded_For": "198.51.100.1",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Port": "443",
        "X_Forwarded_Prefix": "/evil",
        "Forwarded": "for=198.51.100.1;proto=https;host=evil.example",
        "X_Real_IP": "198.51.100.1",
    }

    assert _arrived(public, peer, **said) == _arrived(public, peer)
    assert _arrived(public, peer) == {
        "address": peer,
        "scheme": "http",
        "host": "sched.example.org",
    }


@pytest.mark.parametrize("peer", [PROXY, "::ffff:10.0.0.7", "fd00::7"])
def test_a_trusted_proxy_is_believed(public: Flask, peer: str) -> None:
    said = {"X_Forwarded_For": CLIENT, "X_Forwarded_Proto": "https"}

    assert _arrived(public, peer, **said) == {
        "address": CLIENT,
        "scheme": "https",
        "host": "sched.example.org",
    }


def test_the_host_that_it_names_must_be_ours_too(public: Flask) -> None:
    answer = public.test_client().get(
        "/healthz",
        headers={"X-Forwarded-Host": "evil.example", "Host": "sched.example.org"},
        environ_overrides={"REMOTE_ADDR": PROXY},
    )

    assert answer.status_code == 400


CHAINS = [
    (CLIENT, CLIENT),
    (f"198.51.100.1, {CLIENT}", CLIENT),
    (f"198.51.100.1, {CLIENT}, 10.1.1.1", CLIENT),
    (f"{CLIENT}:50123", CLIENT),
    ("[2001:db8::9]:50123", "2001:db8::9"),
    ("2001:db8::9", "2001:db8::9"),
    (f"::ffff:{CLIENT}", CLIENT),
    ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
    ("unknown", PROXY),
    ("unknown, 10.1.1.1", "10.1.1.1"),
    ("<script>", PROXY),
    ("", PROXY),
    (", ,", PROXY),
]


def test_of_a_chain_the_last_that_is_no_proxy_is_the_client(public: Flask) -> None:
    for chain, client in CHAINS:
        arrived = _arrived(public, PROXY, X_Forwarded_For=chain)

        assert isinstance(arrived, dict)
        assert arrived["address"] == client, chain


def test_the_scheme_is_one_of_two(public: Flask) -> None:
    for said in ("javascript", "https,http", "HTTPS", ""):
        arrived = _arrived(public, PROXY, X_Forwarded_Proto=said)
        assert isinstance(arrived, dict)
        assert arrived["scheme"] == "http"


def test_without_trusted_proxies_nobody_is_believed(app: Flask) -> None:
    with like(app, public_url="http://sched.example.org") as made:
        _show_what_arrived(made)
        for peer in ("127.0.0.1", PROXY):
            assert _arrived(made, peer, X_Forwarded_For=CLIENT) == {
                "address": peer,
                "scheme": "http",
                "host": "sched.example.org",
            }


def test_forms_are_taken_from_the_public_address_alone(public: Flask) -> None:
    browser = public.test_client()
    for origin, status in (
        ("https://sched.example.org", 400),
        ("http://sched.example.org", 403),
        ("https://sched.example.org:8443", 403),
        ("https://SCHED.example.org", 403),
    ):
        answer = browser.post("/login/", headers={"Host": "sched.example.org", "Origin": origin})
        assert answer.status_code == status, origin
