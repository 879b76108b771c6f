import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from schedapp.plumbing.compression import BLUR_BYTES, LEAST_BYTES, Compressed

TEXT = b"The same words again. " * 200


class Answers:
    """An application that gives one answer, and notes how often it was asked and closed."""

    def __init__(self, content: bytes = TEXT, **headers: str) -> None:
        self.content = content
        self.headers = {"Content-Type": "text/html; charset=utf-8", **headers}
        self.closed = 0

    def __call__(self, _environ: dict[str, Any], start_response: Any) -> "Answers":
        length = ("Content-Length", str(len(self.content)))
        start_response("200 OK", [*self.headers.items(), length])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield self.content[:10]
        yield self.content[10:]

    def close(self) -> None:
        self.closed += 1


def asked(app: Answers, path: str = "/", encoding: str = "gzip, br", **more: Any) -> TestResponse:
    return Client(Compressed(app)).open(path, headers={"Accept-Encoding": encoding}, **more)


def test_a_text_travels_compressed() -> None:
    app = Answers()

    response = asked(app)

    assert response.headers["Content-Encoding"] == "gzip"
    assert int(response.headers["Content-Length"]) == len(response.data) < len(TEXT) / 10
    assert gzip.decompress(response.data) == TEXT
    assert "Accept-Encoding" in response.headers.getlist("Vary")
    assert app.closed == 1


@pytest.mark.parametrize(
    "encoding", ["gzip", "br,gzip", "gzip;q=0.5, br", "deflate, gzip; q=1", "*"]
)
def test_it_is_compressed_for_who_takes_it(encoding: str) -> None:
    assert asked(Answers(), encoding=encoding).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "encoding", ["", "br", "x-gzip", "gzip;q=0", "gzip;q=0.0, br", "identity"]
)
def test_it_is_not_for_who_does_not(encoding: str) -> None:
    response = asked(Answers(), encoding=encoding)

    assert "Content-Encoding" not in response.headers
    assert response.data == TEXT
    assert "Accept-Encoding" in response.headers.getlist("Vary")


@pytest.mark.parametrize(
    ("path", "more"), [("/?q=words", {}), ("/", {"method": "POST", "data": {"title": "words"}})]
)
def test_what_may_repeat_the_request_is_not_compressed(path: str, more: dict[str, Any]) -> None:
    assert asked(Answers(), path, **more).data == TEXT


def test_what_answers_a_query_has_no_exact_length() -> None:
    client = Client(Compressed(Answers(ETag='"one"')))
    responses = [client.get("/?q=words", headers={"Accept-Encoding": "gzip"}) for _ in range(30)]

    assert {gzip.decompress(response.data) for response in responses} == {TEXT}
    lengths = {len(response.data) for response in responses}
    assert len(lengths) > 5
    assert max(lengths) - min(lengths) <= BLUR_BYTES


@pytest.mark.parametrize(
    "app",
    [
        Answers(b"." * (LEAST_BYTES - 1)),
        Answers(**{"Content-Type": "font/woff2"}),
        Answers(**{"Content-Encoding": "br"}),
    ],
    ids=["short", "a font", "compressed already"],
)
def test_what_gains_nothing_stays_as_it_is(app: Answers) -> None:
    assert asked(app).data == app.content


def test_what_has_an_etag_is_compressed_once() -> None:
    app = Answers(ETag='"one"')
    client = Client(Compressed(app))
    first = client.get("/", headers={"Accept-Encoding": "gzip"})
    app.content = b"something else, but under the same name" * 50

    assert client.get("/", headers={"Accept-Encoding": "gzip"}).data == first.data
    app.headers["ETag"] = '"two"'
    second = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(second.data) == app.content


def test_the_pages_are_compressed(anonymous: FlaskClient) -> None:
    response = anonymous.get("/setup/", headers={"Accept-Encoding": "gzip"})

    assert b"Abidjan" in gzip.decompress(response.data)
    assert len(response.data) < 8000
