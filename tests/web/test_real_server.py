"""What the server program makes of requests, where the rules depend on it (sentences 29, 35)."""

import re
import socket
from collections.abc import Iterator

import pytest
from tests.servers import Server, running_sched


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_sched(tmp_path_factory.mktemp("served")) as running:
        yield running


def _say(server: Server, *lines: str, body: str = "") -> tuple[int, str]:
    """Send a request as it is written, and return the answer's status and text."""
    head = [*lines, f"Content-Length: {len(body)}"] if body else [*lines]
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", body]).encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(maxsplit=2)[1]), answer.decode("utf-8", "replace")


CLOSE = "Connection: close"


@pytest.mark.sentence(35)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:80"])
def test_it_answers_to_its_own_names(server: Server, host: str) -> None:
    assert _say(server, "GET /healthz HTTP/1.1", f"Host: {host}", CLOSE)[0] == 200


@pytest.mark.sentence(35)
@pytest.mark.parametrize(
    "lines",
    [
        ["GET /login/ HTTP/1.1", "Host: evil.example"],
        ["GET /login HTTP/1.1", "Host: evil.example"],
        ["GET /login/ HTTP/1.1", "Host:"],
        ["GET /login/ HTTP/1.1", "Host: localhost", "Host: evil.example"],
        ["GET /login/ HTTP/1.1"],
        ["GET /login/ HTTP/1.0"],
        ["GET http://evil.example/login/ HTTP/1.1", "Host: evil.example"],
        ["GET /login/ HTTP/1.1", "Host: evil.example", "X-Forwarded-Host: localhost"],
    ],
    ids=" | ".join,
)
def test_it_answers_to_no_other(server: Server, lines: list[str]) -> None:
    status, text = _say(server, *lines, CLOSE)

    assert status == 400
    assert "evil" not in text


@pytest.mark.sentence(35)
def test_nobody_is_believed_to_be_a_proxy(server: Server) -> None:
    own = ["GET /login HTTP/1.1", "Host: localhost", CLOSE]

    status, text = _say(server, *own, "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https")

    assert status == 308
    assert re.findall(r"(?im)^location: (.*?)\r$", text) == ["http://localhost/login/"]


@pytest.mark.sentence(29)
@pytest.mark.parametrize(
    "headers",
    [
        ["Sec-Fetch-Site: cross-site"],
        ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
        ["Origin: http://evil.example"],
        ["Origin: http://localhost", "Origin: http://evil.example"],
    ],
    ids=" | ".join,
)
def test_what_comes_from_another_site_is_refused(server: Server, headers: list[str]) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    status, _ = _say(
        server, "POST /setup/ HTTP/1.1", "Host: localhost", CLOSE, form, *headers, body="name=Ana"
    )

    assert status == 403


def test_the_first_users_page_is_open_at_the_machine_itself(server: Server) -> None:
    status, text = _say(server, "GET /setup/ HTTP/1.1", "Host: localhost", CLOSE)

    assert status == 200
    assert 'name="code"' not in text


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /setup/ HTTP/1.1", "Host: localhost", "X-Forwarded-For: 127.0.0.1"],
        ["GET /setup/ HTTP/1.1", "Host: localhost", "Via: 1.1 proxy"],
        ["GET /setup/ HTTP/1.0", "Host: localhost"],
        ["GET /setup/ HTTP/1.1", "Host: localhost", "Referer: https://sched.example.org/"],
    ],
    ids=" | ".join,
)
def test_through_a_proxy_on_it_the_code_is_asked_for(server: Server, lines: list[str]) -> None:
    status, text = _say(server, *lines, CLOSE)

    assert status == 200
    assert 'name="code"' in text
