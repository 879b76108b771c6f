"""The cookies that sched sets (sentence 33), by HTTPS and in a local network without it."""

from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from tests.conftest import PASSWORD, Browsing
from tests.web.doors import NEW_PASSWORD
from tests.web.profiles import like

from schedapp.accounts.models import User

pytestmark = pytest.mark.sentence(33)


@pytest.fixture(params=["https", "http"])
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def profiled(app: Flask, profile: str) -> Iterator[Flask]:
    """The application, as people reach it at an address of their network."""
    with like(app, public_url=f"{profile}://sched.example.org") as made:
        yield made


@pytest.fixture
def set_cookies(profiled: Flask, profile: str, ana: User) -> list[str]:
    """Every Set-Cookie of somebody's whole visit."""
    browser = profiled.test_client()
    assert isinstance(browser, Browsing)
    own = f"{profile}://sched.example.org"
    more = {"base_url": own, "headers": {"Origin": own}}
    kept: list[str] = []

    def visit(method: str, path: str, **fields: str) -> int:
        if method == "POST":
            page = browser.get(path, base_url=own)
            kept.extend(page.headers.get_all("Set-Cookie"))
            fields["csrf_token"] = _token_in(page.text)
        answer = browser.open(path, method=method, data=fields or None, **more)
        kept.extend(answer.headers.get_all("Set-Cookie"))
        return answer.status_code

    visit("GET", "/appointments/")
    assert visit("POST", "/login/", username="ana@example.org", password="wrong") == 422
    right = {"username": "ana@example.org", "password": PASSWORD}
    assert visit("POST", "/login/", **right, stay="y", next="") == 303
    change = {"current": PASSWORD, "password": NEW_PASSWORD}
    assert visit("POST", "/account/password/", **change) == 303
    assert visit("GET", "/account/") == 200
    assert visit("POST", "/logout/") == 303
    assert visit("GET", "/login/") == 200
    return kept


def _token_in(text: str) -> str:
    return text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def test_each_is_as_narrow_as_it_can_be(set_cookies: list[str], profile: str) -> None:
    assert len(set_cookies) >= 6
    names = set()
    for line in set_cookies:
        parts = [part.strip().lower() for part in line.split(";")[1:]]
        attributes = dict(part.partition("=")[::2] for part in parts)
        names.add(line.partition("=")[0])
        assert len(attributes) == len(parts)
        assert "httponly" in attributes
        assert attributes["samesite"] == "lax"
        assert attributes["path"] == "/"
        assert "domain" not in attributes
        assert ("secure" in attributes) == (profile == "https")
    prefix = "__Host-" if profile == "https" else ""
    assert names == {f"{prefix}sched", f"{prefix}sched-form"}


def test_only_who_stays_signed_in_has_one_that_outlives_the_browser(
    set_cookies: list[str], profile: str
) -> None:
    prefix = "__Host-" if profile == "https" else ""
    morsels = [morsel for line in set_cookies for morsel in SimpleCookie(line).values()]
    lasting = [(each.key, each["max-age"]) for each in morsels if each["max-age"] not in {"", "0"}]

    assert lasting == [(f"{prefix}sched", str(90 * 86400))] * 2


def test_a_cookie_without_the_prefix_is_nothing_to_https(
    profiled: Flask, profile: str, ana: User, as_ana: Browsing
) -> None:
    token = as_ana.get_cookie("sched")
    assert token is not None
    browser = profiled.test_client()
    browser.set_cookie("sched", token.value, domain="sched.example.org")

    answer = browser.get("/account/", base_url=f"{profile}://sched.example.org")

    assert answer.status_code == (303 if profile == "https" else 200)


def test_https_is_asked_for_from_then_on(profiled: Flask, profile: str) -> None:
    answer = profiled.test_client().get("/login/", base_url=f"{profile}://sched.example.org")

    kept = answer.headers.get_all("Strict-Transport-Security")
    assert kept == (["max-age=31536000"] if profile == "https" else [])
