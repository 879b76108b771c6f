"""Plain HTTP in a local network: it works, and administrators are told of it on every page."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask, template_rendered
from tests.conftest import Browsing
from tests.web.profiles import like

from schedapp.accounts.models import User


@pytest.fixture
def warned(app: Flask, browser_of: Callable[..., Browsing]) -> Callable[..., set[bool]]:
    """Return whether pages warn somebody who reads them at a public address."""

    def read(public_url: str | None, who: User) -> set[bool]:
        seen: list[bool] = []

        def note(_sender: Flask, context: dict[str, object], **_more: object) -> None:
            seen.append(bool(context["insecure_transport"]))

        token = browser_of(who).get_cookie("sched")
        assert token is not None
        with like(app, public_url=public_url) as made:
            browser = made.test_client()
            base = public_url or "http://localhost"
            host = urlsplit(base).hostname or ""
            browser.set_cookie(made.config["SCHED_COOKIE"], token.value, domain=host)
            with template_rendered.connected_to(note, made):
                for address in ("/account/", "/account/sign-ins/", "/appointments/create/"):
                    assert browser.get(address, base_url=base).status_code == 200
        assert len(seen) >= 3
        return set(seen)

    return read


@pytest.mark.parametrize(
    ("public_url", "warns"),
    [
        ("http://sched.example.org", True),
        ("http://192.168.1.5:8000", True),
        ("https://sched.example.org", False),
        ("http://localhost:8000", False),
        (None, False),
    ],
)
def test_administrators_are_told_when_pages_travel_readable(
    warned: Callable[..., set[bool]],
    add_user: Callable[..., User],
    public_url: str | None,
    warns: bool,  # noqa: FBT001
) -> None:
    assert warned(public_url, add_user("Ada", administrator=True)) == {warns}
    assert warned(public_url, add_user("Ana")) == {False}
