"""Who may stand where (sentence 31): one line for every address, in `tests.web.doors.ACCESS`."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from tests.conftest import Browsing
from tests.observing import whole_book
from tests.web.conftest import NO_ID, Scene
from tests.web.doors import ACCESS, DOORS, UNSAFE, Door, For

from schedapp.accounts.models import User

ASKED = [door for door in DOORS if door.method == "GET" or door.method in UNSAFE]
CLOSED = [door for door in ASKED if door.needs_sign_in]
OWNED = [door for door in ASKED if door.is_for is For.THE_OWNER]
OPEN = [door for door in ASKED if door.is_for is For.EVERYBODY]
pytestmark = pytest.mark.sentence(31)


def test_every_address_has_its_line() -> None:
    assert {door.rule for door in DOORS} == set(ACCESS)


def test_an_address_with_an_id_is_its_owners() -> None:
    assert {door.rule for door in ASKED if "public_id" in door.arguments} == {
        door.rule for door in OWNED
    }


@pytest.mark.parametrize("door", CLOSED, ids=str)
def test_who_is_not_signed_in_is_asked_to(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)
    address = scene.address(door)
    before = whole_book(scene.app)

    answer = scene.anonymous.open(
        address, method=door.method, data={"csrf_token": scene.anonymous.token(), **_form(door)}
    )

    if door.method == "DELETE":
        assert (answer.status_code, answer.json) == (401, {"status": "Unauthorized"})
    else:
        back = f"?next={quote(address)}" if door.method == "GET" else ""
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/login/{back}".replace("%2F", "/")
        page = scene.anonymous.get(answer.headers["Location"])
        assert "Please log in to see your appointments." in page.text
    assert whole_book(scene.app) == before


@pytest.mark.parametrize("door", CLOSED, ids=str)
def test_a_program_that_is_not_signed_in_is_told_so(
    scene_for: Callable[..., Scene], door: Door
) -> None:
    scene = scene_for(door)

    answer = scene.anonymous.open(
        scene.address(door),
        method=door.method,
        data={"csrf_token": scene.anonymous.token()},
        headers={"Accept": "application/json"},
    )

    assert (answer.status_code, answer.json) == (401, {"status": "Unauthorized"})


@pytest.mark.parametrize("door", OWNED, ids=str)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_is_somebody_elses_answers_like_what_does_not_exist(
    scene_for: Callable[..., Scene], door: Door, as_cleo: Browsing, accept: str
) -> None:
    scene = scene_for(door)
    before = whole_book(scene.app)

    answers = [
        as_cleo.open(
            scene.address(door, of=each),
            method=door.method,
            data={"csrf_token": as_cleo.token(), **_form(door)},
            headers={"Accept": accept},
        )
        for each in (None, NO_ID, "'--", "0", "x" * 300, "%00", "١٢٣")
    ]

    theirs, *missing = [(each.status_code, each.text, sorted(each.headers)) for each in answers]
    assert theirs[0] == 404
    assert missing == [theirs] * len(missing)
    assert whole_book(scene.app) == before


@pytest.mark.parametrize("door", OWNED, ids=str)
def test_an_administrator_is_anybody_else_too(
    scene_for: Callable[..., Scene],
    door: Door,
    add_user: Callable[..., User],
    browser_of: Callable[..., Browsing],
) -> None:
    scene = scene_for(door)
    browser = browser_of(add_user("Ada", administrator=True))
    before = whole_book(scene.app)

    answer = browser.open(
        scene.address(door),
        method=door.method,
        data={"csrf_token": browser.token(), **_form(door)},
    )

    assert answer.status_code == 404
    assert whole_book(scene.app) == before


@pytest.mark.parametrize("door", OWNED, ids=str)
def test_its_owner_finds_it(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)

    token = scene.browser.token()
    answer = scene.knock(door, data={"csrf_token": token, **_form(door)})

    assert answer.status_code in {200, 303}


@pytest.mark.parametrize("door", OPEN, ids=str)
def test_what_is_for_everybody_asks_nobody(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)

    token = scene.anonymous.token()
    answer = scene.anonymous.open(
        scene.address(door), method=door.method, data={"csrf_token": token, **_form(door)}
    )

    assert answer.status_code in {200, 303}


@pytest.mark.parametrize("door", [door for door in ASKED if door.is_for is For.THE_FIRST], ids=str)
def test_once_there_is_a_user_the_first_ones_page_is_gone(
    app: Flask, anonymous: Browsing, as_ana: Browsing, door: Door
) -> None:
    for browser in (anonymous, as_ana):
        form = {"csrf_token": browser.token(), **_form(door)}
        assert browser.open(door.rule, method=door.method, data=form).status_code == 404


def _form(door: Door) -> dict[str, str]:
    return {} if door.method == "GET" else door.form
