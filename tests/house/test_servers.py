"""Programs that are started for tests, and the client that talks to them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import Client, Server, clean_environment, free_port, running

PROGRAM = """
import multiprocessing, os, sys, time, wsgiref.simple_server

def app(environ, start):
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        cookie = "name=Ana; HttpOnly; Path=/"
        start("303 See Other", [("Location", "/done"), ("Set-Cookie", cookie)])
        return [body]
    if environ["PATH_INFO"] == "/forget":
        start("200 OK", [("Set-Cookie", "name=; Max-Age=0; Path=/")])
        return []
    start("200 OK", [("Content-Type", "text/html")])
    form = '<form><input type="hidden" name="csrf_token" value="a&amp;b">'
    return [(form + environ.get("HTTP_COOKIE", "")).encode()]

print("serving")
multiprocessing.get_context("fork").Process(target=time.sleep, args=[600]).start()
wsgiref.simple_server.make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-u", "-c", PROGRAM, str(port)]
    log = tmp_path_factory.mktemp("server") / "log"
    with running(command, port=port, log=log, env=clean_environment()) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with server.client() as client:
        yield client


def test_a_program_is_killed_with_its_children(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-u", "-c", PROGRAM, str(port)]
    with running(command, port=port, log=tmp_path / "log", env=clean_environment()) as server:
        assert len(server.workers()) == 1
        assert server.workers() == server.children()
        assert server.output().startswith("serving")

    assert server.children() == []
    assert server.process.returncode is not None


def test_a_program_that_ends_at_once_is_told_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no')"]
    with (
        pytest.raises(RuntimeError, match="ended with 1:\nno"),
        running(command, port=free_port(), log=tmp_path / "log", env=clean_environment()),
    ):
        pass


def test_settings_of_the_machine_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHED_DEBUG", "yes")

    env = clean_environment(data_dir="here")

    assert env["SCHED_DATA_DIR"] == "here"
    assert "SCHED_DEBUG" not in env


def test_the_client_posts_the_token_of_the_form_and_follows_nothing(client: Client) -> None:
    answer = client.submit("/", {"title": "Tea & cake"})

    assert answer.status == 303
    assert answer.location == "/done"
    assert answer.text == "csrf_token=a%26b&title=Tea+%26+cake"


def test_the_client_keeps_cookies_until_they_are_taken_back(client: Client) -> None:
    client.submit("/")
    assert "name=Ana" in client.get("/").text

    client.get("/forget")
    assert "name=Ana" not in client.get("/").text


def test_the_client_stays_on_its_server(client: Client, server: Server) -> None:
    assert client.get(f"{server.url}/forget").status == 200
    with pytest.raises(LookupError):
        client.get("https://sched.example.org/")
