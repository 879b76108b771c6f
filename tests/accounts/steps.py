"""What people do with their accounts, as their browsers do it."""

import re
from typing import Any

from tests.conftest import PASSWORD, Browsing
from werkzeug.test import TestResponse

NEW_PASSWORD = "another sentence to keep in mind"


def sign_in(
    browser: Browsing, password: str = PASSWORD, *, who: str = "ana@example.org", **more: Any
) -> TestResponse:
    """Type an address and a password into the sign-in page."""
    peer = {"environ_overrides": {"REMOTE_ADDR": more.pop("ip")}} if "ip" in more else {}
    return browser.submit("/login/", {"username": who, "password": password, **more}, **peer)


def change_password(
    browser: Browsing, new: str = NEW_PASSWORD, *, current: str = PASSWORD, **more: Any
) -> TestResponse:
    return browser.submit("/account/password/", {"current": current, "password": new}, **more)


def is_signed_in(browser: Browsing) -> bool:
    return browser.get("/account/password/").status_code == 200


def cookie_of(browser: Browsing) -> str:
    """Return the cookie that a browser is signed in by."""
    cookie = browser.get_cookie("sched")
    assert cookie is not None
    return str(cookie.value)


def copy_of(browser: Browsing) -> Browsing:
    """Return another browser, with a copy of the cookie."""
    copied = browser.application.test_client()
    assert isinstance(copied, Browsing)
    copied.set_cookie("sched", cookie_of(browser))
    return copied


def sign_in_ids(browser: Browsing) -> list[str]:
    """Return the ids on the page of sign-ins, in order."""
    return re.findall(r"/account/sign-ins/(\w+)/end/", browser.get("/account/sign-ins/").text)


def without_tokens(text: str) -> str:
    return re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", text)
