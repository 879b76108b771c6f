"""Sending a request from another site, or without the form token (sentence 29)."""

from collections.abc import Callable

import pytest
from flask import Flask
from tests.conftest import Browsing
from tests.observing import statements, whole_book
from tests.web.conftest import Scene
from tests.web.doors import ADDRESSES, FORMS, UNSAFE, WRITING, Door

from schedapp.plumbing.database import writing

OTHER_SITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "cross-site,same-origin"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost@evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example/http://localhost"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://localhost, http://evil.example"},
]
pytestmark = pytest.mark.sentence(29)


def test_every_unsafe_door_has_a_form_to_be_tried_with() -> None:
    assert {(door.rule, door.method) for door in WRITING} == set(FORMS)


@pytest.mark.parametrize("door", WRITING, ids=str)
def test_with_the_token_and_from_our_own_pages_it_writes(
    scene_for: Callable[..., Scene], door: Door
) -> None:
    scene = scene_for(door)
    token = scene.opens(door).token()
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}

    with statements(scene.app) as said:
        answer = scene.knock(door, data={"csrf_token": token, **door.form}, headers=own)

    assert answer.status_code < 400
    assert said.writes


@pytest.mark.parametrize("door", WRITING, ids=str)
def test_from_another_site_it_is_refused(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)
    token = scene.opens(door).token()
    before = whole_book(scene.app)

    with statements(scene.app) as said:
        for headers in OTHER_SITES:
            answer = scene.knock(door, data={"csrf_token": token, **door.form}, headers=headers)
            assert answer.status_code == 403, headers

    assert not said.writes
    assert whole_book(scene.app) == before


@pytest.mark.parametrize("door", WRITING, ids=str)
def test_without_the_right_token_it_is_refused(
    scene_for: Callable[..., Scene], door: Door, app: Flask
) -> None:
    scene = scene_for(door)
    own, others = scene.opens(door).token(), app.test_client()
    with others.session_transaction() as session:
        session["csrf_token"] = "1" * 40
    assert isinstance(others, Browsing)
    wrong_ones: list[dict[str, str]] = [
        {},
        {"csrf_token": ""},
        {"csrf_token": own[:-5] + ("A" if own[-5] != "A" else "B") + own[-4:]},
        {"csrf_token": others.token()},
        {"csrf_token": "0" * 40},
        {"csrf_token": "\x00\N{GRINNING FACE}"},
    ]
    before = whole_book(scene.app)

    with statements(scene.app) as said:
        for wrong in wrong_ones:
            answer = scene.knock(door, data={**door.form, **wrong})
            assert answer.status_code == 400, wrong
        answer = scene.knock(door, data=door.form, headers={"X-CSRFToken": others.token()})
        assert answer.status_code == 400
        answer = scene.knock(door, query_string={"csrf_token": own}, data=door.form)
        assert answer.status_code == 400

    assert not said.writes
    assert whole_book(scene.app) == before


@pytest.mark.parametrize("door", ADDRESSES, ids=lambda door: door.rule)
def test_methods_that_an_address_does_not_take_are_refused_alike(
    scene_for: Callable[..., Scene], door: Door
) -> None:
    scene = scene_for(door)
    browser = scene.opens(door)
    token = {"csrf_token": browser.token()}
    taken = {other.method for other in WRITING if other.rule == door.rule}

    with statements(scene.app) as said:
        for method in sorted(UNSAFE | {"TRACE"} - taken):
            address = scene.address(door)
            foreign = {"Origin": "null"}
            answer = browser.open(address, method=method, data=token, headers=foreign)
            assert answer.status_code == 403, method
            if method not in taken:
                answer = browser.open(address, method=method, data=token)
                assert answer.status_code == 405, method

    assert not said.writes


def test_a_script_sends_the_token_in_a_header(scene_for: Callable[..., Scene]) -> None:
    door = next(door for door in WRITING if door.method == "DELETE")
    scene = scene_for(door)

    answer = scene.knock(door, headers={"X-CSRFToken": scene.browser.token()})

    assert (answer.status_code, answer.json) == (200, {"status": "OK"})


def test_a_view_that_forgets_the_token_cannot_write(app: Flask) -> None:
    for method in ("POST", "DELETE", "GET"):
        with (
            app.test_request_context("/", method=method),
            pytest.raises(RuntimeError, match="form token"),
            writing(),
        ):
            pass


def test_a_form_refused_for_its_token_keeps_what_was_typed(as_ana: Browsing) -> None:
    answer = as_ana.post("/account/", data={"name": "Ana Maria", "csrf_token": "old"})

    assert answer.status_code == 400
    assert 'value="Ana Maria"' in answer.text
