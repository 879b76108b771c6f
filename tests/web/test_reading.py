"""Reading changes nothing (sentence 30), and asks no more than it needs (sentences 11 and 12)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from tests.conftest import Browsing, Time
from tests.observing import statements, whole_book
from tests.web.conftest import Scene
from tests.web.doors import ADDRESSES, DOORS, READING, Door

from schedapp.accounts import queries
from schedapp.accounts.queries import Standing
from schedapp.appointments.models import Appointment


@pytest.mark.sentence(30)
@pytest.mark.parametrize("door", ADDRESSES, ids=lambda door: door.rule)
def test_reading_changes_nothing(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)
    address = scene.address(door)
    before = whole_book(scene.app)

    with statements(scene.app) as said:
        for browser in (scene.browser, scene.anonymous):
            for method in ("GET", "HEAD", "OPTIONS"):
                for query in ("", "?csrf_token=x&title=x&delete=1", "?_method=DELETE"):
                    browser.open(address + query, method=method, data={"title": "x"})

    assert not said.writes
    assert whole_book(scene.app) == before


@pytest.mark.sentence(30)
@pytest.mark.parametrize("door", READING, ids=str)
def test_head_answers_as_get_does(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)
    browser, address = scene.opens(door), scene.address(door)

    got, head = browser.get(address), browser.head(address)

    assert head.status_code == got.status_code
    assert head.headers.get("Content-Type") == got.headers.get("Content-Type")
    assert head.data == b""


@pytest.mark.sentence(30)
def test_a_sign_in_notes_that_it_was_used_and_nothing_else(as_ana: Browsing, time: Time) -> None:
    before = whole_book(as_ana.application)

    time.forward(minutes=5)
    as_ana.get("/appointments/")

    after = whole_book(as_ana.application)
    changed = [name for name in after if after[name] != before[name]]
    assert changed == ["sign_in"]
    differences = {
        (old, new)
        for old, new in zip(before["sign_in"][0], after["sign_in"][0], strict=True)
        if old != new
    }
    assert differences == {(time.moment.replace(hour=8, minute=0), time.moment)}


@pytest.mark.sentence(11)
def test_a_thousand_readings_in_a_minute_note_it_at_most_once(
    as_ana: Browsing, time: Time
) -> None:
    time.forward(minutes=2)

    with statements(as_ana.application) as said:
        for _ in range(1000):
            time.forward(seconds=0.0599)
            assert as_ana.get("/appointments/").status_code == 200

    assert len(said.writes) == 1
    assert said.writes[0].startswith("UPDATE sign_in")


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every look-up of a sign-in, by its token."""
    tokens: list[str] = []
    really = queries.standing_of

    def look_up(token: str, **more: Any) -> Standing | None:
        tokens.append(token)
        return really(token, **more)

    monkeypatch.setattr(queries, "standing_of", look_up)
    return tokens


@pytest.mark.sentence(12)
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/healthz", 200),
        ("/static/0123/favicon.svg", 200),
        ("/static/0123/none.css", 404),
        ("/nothing/here/", 404),
        ("/login", 308),
    ],
)
def test_pages_that_need_no_user_read_no_sign_in(
    as_ana: Browsing, looked_up: list[str], address: str, status: int
) -> None:
    with statements(as_ana.application) as said:
        assert as_ana.get(address).status_code == status

    assert looked_up == []
    assert said.to("sign_in") == []


@pytest.mark.sentence(12)
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}], ids=str
)
def test_a_refused_request_reads_no_sign_in(
    as_ana: Browsing, looked_up: list[str], headers: dict[str, str]
) -> None:
    assert as_ana.post("/account/", headers=headers).status_code in {400, 403}

    assert looked_up == []


@pytest.mark.sentence(12)
def test_a_page_that_needs_the_user_looks_the_sign_in_up_once(
    as_ana: Browsing, looked_up: list[str]
) -> None:
    assert as_ana.get("/account/").status_code == 200

    assert len(looked_up) == 1


CONDITIONAL = {"/appointments/"}


@pytest.mark.sentence(12)
@pytest.mark.parametrize(
    "door",
    [door for door in DOORS if door.method in {"GET", "POST", "DELETE"}],
    ids=str,
)
def test_answers_say_that_nobody_keeps_them(scene_for: Callable[..., Scene], door: Door) -> None:
    scene = scene_for(door)
    browser = scene.opens(door)
    answers = [
        scene.knock(door),
        scene.knock(door, headers={"Accept": "application/json"}),
        scene.knock(door, headers={"Host": "evil.example"}),
        scene.anonymous.open(scene.address(door), method=door.method),
    ]
    if door.method != "GET":
        answers.append(scene.knock(door, data={"csrf_token": browser.token()}))

    for answer in answers:
        kept = answer.headers.get_all("Cache-Control")
        if door.rule in CONDITIONAL and answer.status_code == 200:
            assert kept == ["private, no-cache"]
            assert "ETag" in answer.headers
        elif door.rule.startswith("/static/") and answer.status_code == 200:
            assert kept == ["no-cache"]
        else:
            assert kept == ["no-store"], answer.status
            assert "ETag" not in answer.headers


@pytest.mark.sentence(12)
def test_the_agenda_is_sent_again_only_when_it_has_changed(
    as_ana: Browsing, lunch: Appointment
) -> None:
    first = as_ana.get("/appointments/")

    again = as_ana.get("/appointments/", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers.get_all("Cache-Control") == ["private, no-cache"]
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.sentence(12)
def test_one_readers_tag_is_worth_nothing_to_another(
    as_ana: Browsing, as_cleo: Browsing, lunch: Appointment
) -> None:
    tag = as_ana.get("/appointments/").headers["ETag"]

    answer = as_cleo.get("/appointments/", headers={"If-None-Match": tag})

    assert answer.status_code == 200
    assert "Lunch with Ben" not in answer.text


@pytest.mark.sentence(12)
def test_files_may_be_kept_for_ever_by_everybody(app: Flask, anonymous: Browsing) -> None:
    address = app.jinja_env.globals["asset"]("css")  # type: ignore[operator]

    answer = anonymous.get(address)

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
