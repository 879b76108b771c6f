"""What a page may hold and load (sentence 32)."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask import Flask, abort, request
from tests.conftest import Browsing
from tests.web.conftest import Scene
from tests.web.doors import READING, WRITING, Door
from werkzeug.test import TestResponse

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.database import Busy

pytestmark = pytest.mark.sentence(32)

ADDRESSED = {"src", "href", "action", "formaction", "poster", "data", "cite", "background", "ping"}
BEHAVES_INLINE = {"style", "srcdoc", "http-equiv", "target"}


class Page(HTMLParser):
    """What a page has in it that it should not have, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in_script = tag == "script"
        if tag in {"base", "iframe", "object", "embed", "style", "applet", "frame"}:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name in BEHAVES_INLINE or name.startswith(("on", "xlink")):
                self.wrong.append(f"<{tag} {name}>")
            if name in ADDRESSED:
                self.addresses.append(value or "")
            if name in {"srcset", "imagesrcset"}:
                self.addresses += [part.split()[0] for part in (value or "").split(",")]

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.wrong.append("a script in the page")

    def handle_endtag(self, _tag: str) -> None:
        self._in_script = False

    @property
    def foreign(self) -> list[str]:
        return [each for each in self.addresses if not _stays(each)]


def _stays(address: str) -> bool:
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and not address.startswith(("//", "/\\", "\\"))


def test_the_reader_of_pages_sees_what_is_wrong() -> None:
    page = Page(
        '<base href="/"><a href="//evil" onclick="x()">x</a><script>x()</script><p style="">'
        '<script src="https://evil/x.js"></script><a href="javascript:x()">x</a><form action="/a">'
    )

    assert page.wrong == ["<base>", "<a onclick>", "a script in the page", "<p style>"]
    assert page.foreign == ["//evil", "https://evil/x.js", "javascript:x()"]
    assert "form" in page.tags


def _check(answer: TestResponse) -> None:
    policy = _policy_of(answer)
    assert policy["default-src"] == ["'none'"]
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == ["'none'"]
    for name, sources in policy.items():
        assert set(sources) <= {"'self'", "'none'"}, name
    for name in ("script-src", "style-src", "form-action", "img-src", "font-src", "connect-src"):
        assert name in policy
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.get_all("Referrer-Policy") == ["same-origin"]
    assert answer.headers.get_all("Cross-Origin-Opener-Policy") == ["same-origin"]
    if answer.mimetype == "text/html":
        page = Page(answer.text)
        assert page.wrong == []
        assert page.foreign == []
        if answer.status_code not in {301, 302, 303, 308}:
            assert "main" in page.tags


def _policy_of(answer: TestResponse) -> dict[str, list[str]]:
    (header,) = answer.headers.get_all("Content-Security-Policy")
    directives = [part.split() for part in header.split(";")]
    assert len({name for name, *_ in directives}) == len(directives)
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("door", READING, ids=str)
def test_a_page_holds_nothing_inline_and_loads_nothing_foreign(
    scene_for: Callable[..., Scene], door: Door
) -> None:
    scene = scene_for(door)

    _check(scene.knock(door))
    _check(scene.anonymous.get(scene.address(door), follow_redirects=True))


@pytest.mark.parametrize("door", WRITING, ids=str)
def test_so_does_what_answers_a_form(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)
    wrong = {name: f"<script>x()</script>{value}'\"><" for name, value in door.form.items()}

    _check(scene.knock(door, data=wrong))
    token = {"csrf_token": scene.opens(door).token()}
    _check(scene.knock(door, data=token | wrong))
    _check(scene.knock(door, data=token | door.form))
    # The page after it, with the message and, where there is one, the button that undoes it.
    _check(scene.opens(door).get("/appointments/", follow_redirects=True))


@pytest.fixture
def failing(app: Flask) -> Iterator[Flask]:
    """The application, with an address that answers every status."""
    found = app.view_functions["health.health"]

    def fail() -> str:
        code = request.args.get("code", type=int)
        if code == 503:
            raise Busy
        if code == 500:
            raise RuntimeError
        abort(code or 404)

    app.view_functions["health.health"] = fail
    yield app
    app.view_functions["health.health"] = found


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 413, 415, 429, 500, 503])
def test_so_does_a_page_of_an_error(failing: Flask, code: int) -> None:
    answer = failing.test_client().get("/healthz", query_string={"code": code})

    assert answer.status_code == code
    assert "<h1>" in answer.text
    _check(answer)


def test_names_and_titles_cannot_become_part_of_the_page(
    as_ana: Browsing, write_down: Callable[..., Appointment], ana: User
) -> None:
    bad = "</title><script>x()</script>\"'><img src=x onerror=x()>{{ 7777*1000 }}"
    own = f"/appointments/{write_down(ana, bad, location=bad, description=bad).public_id}/"
    other = write_down(ana, bad)
    as_ana.submit("/account/", {"name": bad, "time_zone": "Europe/Berlin", "locale": "en_GB"})
    addresses = ["/account/", "/account/sign-ins/", "/appointments/", "/appointments/?q=script"]
    addresses += [own, f"{own}edit/", f"{own}delete/"]

    def check(answer: TestResponse) -> None:
        assert "&lt;script&gt;" in answer.text
        assert "<img" not in answer.text
        assert "7777000" not in answer.text
        _check(answer)

    for address in addresses:
        check(as_ana.get(address))
    as_ana.submit(f"/appointments/{other.public_id}/delete/")
    check(as_ana.get("/appointments/?after="))
    conflict = {"title": bad, "start": "2027-03-01T09:00", "description": bad, "version": "99"}
    check(as_ana.submit(f"{own}edit/", conflict))
