"""The addresses of the old program, asked of the running one over plain HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from tests.servers import Answer, Client, Server, clean_environment, running_sched

ANA = {"username": "ana@example.org", "password": "nine green bottles on a wall"}
CLEO = {"username": "cleo@example.org", "password": "ten tall trees by the river"}
NOBODY = "0123456789abcdefghjk"
FIELDS = {
    "title": "Lunch with Ben",
    "start": "2027-03-01T09:00",
    "end": "2027-03-01T10:30",
    "location": "Café Nova",
    "description": "Bring the plans.",
}
LOG_IN_FIRST = "Please log in to see your appointments."


@dataclass
class Program:
    """The running program, and what it answered while there was no user."""

    server: Server
    on_empty: Answer
    first_user_page: Answer
    login_on_empty: Answer


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("contract")
    with running_sched(folder) as server:
        with server.client() as client:
            on_empty = client.get("/")
            first_user_page = client.get("/setup/")
            login_on_empty = client.get("/login/")
            made = client.submit(
                "/setup/",
                {
                    "name": "Ana",
                    "email": ANA["username"],
                    "password": ANA["password"],
                    "time_zone": "Europe/Berlin",
                },
            )
            assert (made.status, made.location) == (303, "/appointments/")
        add_cleo(folder)
        yield Program(server, on_empty, first_user_page, login_on_empty)


def add_cleo(folder: Path) -> None:
    command = [Path(sys.executable).with_name("sched"), "users", "add", CLEO["username"]]
    subprocess.run(
        [*command, "--name", "Cleo", "--time-zone", "Europe/Berlin", "--password-stdin"],
        input=CLEO["password"],
        env=clean_environment(data_dir=str(folder / "data")),
        text=True,
        check=True,
        timeout=60,
    )


@pytest.fixture
def visitor(program: Program) -> Iterator[Client]:
    with program.server.client() as client:
        yield client


def signed_in(program: Program, user: dict[str, str]) -> Client:
    client = program.server.client()
    assert client.submit("/login/", user).status == 303
    return client


@pytest.fixture(scope="module")
def as_ana(program: Program) -> Iterator[Client]:
    with signed_in(program, ANA) as client:
        yield client


@pytest.fixture(scope="module")
def as_cleo(program: Program) -> Iterator[Client]:
    with signed_in(program, CLEO) as client:
        yield client


def messages(page: Answer) -> list[tuple[str, str]]:
    """Return the flash messages of a page, with their categories."""
    found = re.findall(r'<div class="message (\w+)"[^>]*>\s*<p>(.*?)</p>', page.text)
    return [(category, unescape(said)) for category, said in found]


def heading(page: Answer) -> str:
    found = re.search(r"<h1\b[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    assert found
    return unescape(found[1])


def seen(page: Answer) -> str:
    """Return a page's text without what holds words together at the end of a line."""
    return page.text.translate({0x00A0: " ", 0x202F: " ", 0x2060: ""})


def created(client: Client, **different: str) -> str:
    """Write an appointment down, and return its address; its page has been read."""
    answer = client.submit("/appointments/create/", FIELDS | different)
    assert answer.status == 303, answer.text
    assert answer.location
    assert re.fullmatch(r"/appointments/[0-9a-z]{20}/", answer.location)
    client.get(answer.location)
    return answer.location


def token_of(client: Client) -> str:
    token = client.get("/appointments/create/").field("csrf_token")
    assert token
    return token


def delete(client: Client, address: str) -> Answer:
    """Delete as a script does, with the token in a header."""
    return client.request("DELETE", f"{address}delete/", headers={"X-CSRFToken": token_of(client)})


# /


def test_on_an_empty_system_it_leads_to_the_making_of_the_first_user(program: Program) -> None:
    assert (program.on_empty.status, program.on_empty.location) == (303, "/setup/")
    assert program.first_user_page.status == 200
    assert program.first_user_page.field("email") == ""
    assert program.login_on_empty.status in {200, 303}


def test_afterwards_nobody_makes_a_first_user(visitor: Client) -> None:
    assert visitor.get("/setup/").status == 404


def test_the_front_leads_to_sign_in_or_to_the_agenda(visitor: Client, as_ana: Client) -> None:
    answer = visitor.get("/")
    assert (answer.status, answer.location) == (303, "/login/")
    answer = as_ana.get("/")
    assert (answer.status, answer.location) == (303, "/appointments/")


# /login/


def test_the_sign_in_page_has_the_fields_of_the_old_one(visitor: Client) -> None:
    page = visitor.get("/login/")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.field("username") == ""
    assert page.field("password") == ""
    assert page.field("stay") is not None
    assert page.field("csrf_token")


def test_signing_in_leads_to_the_agenda(visitor: Client) -> None:
    answer = visitor.submit("/login/", ANA)

    assert (answer.status, answer.location) == (303, "/appointments/")
    assert visitor.get("/appointments/").status == 200


def test_signing_in_leads_to_the_page_that_was_asked_for(visitor: Client) -> None:
    asked = visitor.get("/appointments/create/")
    assert (asked.status, asked.location) == (303, "/login/?next=/appointments/create/")

    page = visitor.get(asked.location or "")
    assert messages(page) == [("info", LOG_IN_FIRST)]
    answer = visitor.post(
        asked.location or "",
        {
            "csrf_token": page.field("csrf_token") or "",
            "next": page.field("next") or "",
            **ANA,
        },
    )

    assert (answer.status, answer.location) == (303, "/appointments/create/")
    assert visitor.get("/appointments/create/").status == 200


@pytest.mark.parametrize(
    "away",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil.example",
        "https:evil.example",
        "",
    ],
)
def test_a_next_that_leads_away_is_ignored(program: Program, away: str) -> None:
    with program.server.client() as client:
        answer = client.submit("/login/", ANA | {"next": away})
        assert (answer.status, answer.location) == (303, "/appointments/")


@pytest.mark.parametrize(
    "wrong",
    [
        ANA | {"password": "wrong"},
        ANA | {"password": ANA["password"] + " "},
        ANA | {"password": ANA["password"].upper()},
        {"username": "nobody@example.org", "password": ANA["password"]},
        {"username": "ana", "password": ANA["password"]},
    ],
)
def test_a_wrong_sign_in_is_refused_with_one_sentence(
    visitor: Client, wrong: dict[str, str]
) -> None:
    answer = visitor.submit("/login/", wrong)

    assert answer.status == 422
    assert "Incorrect username or password." in answer.text
    assert answer.field("username") == wrong["username"]
    assert answer.field("password") == ""
    assert visitor.get("/appointments/").status == 303


def test_who_is_signed_in_already_is_led_to_the_agenda(as_ana: Client) -> None:
    answer = as_ana.get("/login/")

    assert (answer.status, answer.location) == (303, "/appointments/")


# /logout/


def test_signing_out_asks_and_then_does(program: Program) -> None:
    with signed_in(program, ANA) as client:
        page = client.get("/logout/")
        assert page.status == 200
        assert page.field("csrf_token")
        assert client.get("/appointments/").status == 200
        copied = dict(client.cookies)

        answer = client.submit("/logout/")
        assert (answer.status, answer.location) == (303, "/login/")
        assert messages(client.get("/login/")) == [("success", "You are signed out.")]
        assert client.get("/appointments/").location == "/login/?next=/appointments/"

        client.cookies = copied
        assert client.get("/appointments/").location == "/login/?next=/appointments/"


def test_signing_out_needs_the_form_token(program: Program) -> None:
    with signed_in(program, ANA) as client:
        assert client.post("/logout/").status == 400
        assert client.get("/appointments/").status == 200


# Not signed in


@pytest.mark.parametrize(
    "address",
    [
        "/appointments/",
        "/appointments/create/",
        f"/appointments/{NOBODY}/",
        f"/appointments/{NOBODY}/edit/",
        f"/appointments/{NOBODY}/delete/",
    ],
)
def test_who_is_not_signed_in_is_asked_to(visitor: Client, address: str) -> None:
    answer = visitor.get(address)

    assert (answer.status, answer.location) == (303, f"/login/?next={address}")
    assert messages(visitor.get(answer.location or "")) == [("info", LOG_IN_FIRST)]


@pytest.mark.parametrize("page", ["create/", f"{NOBODY}/edit/", f"{NOBODY}/delete/"])
def test_a_form_of_who_is_not_signed_in_does_nothing(visitor: Client, page: str) -> None:
    token = visitor.get("/login/").field("csrf_token") or ""

    answer = visitor.post(f"/appointments/{page}", FIELDS | {"csrf_token": token})

    assert (answer.status, answer.location) == (303, "/login/")


def test_a_program_that_is_not_signed_in_gets_401(visitor: Client) -> None:
    token = visitor.get("/login/").field("csrf_token") or ""

    answer = visitor.request(
        "DELETE", f"/appointments/{NOBODY}/delete/", headers={"X-CSRFToken": token}
    )
    assert (answer.status, answer.json) == (401, {"status": "Unauthorized"})
    answer = visitor.get("/appointments/", Accept="application/json")
    assert (answer.status, answer.json) == (401, {"status": "Unauthorized"})


# /appointments/


def test_the_agenda_lists_ones_own(as_ana: Client, as_cleo: Client) -> None:
    address = created(as_ana, title="Dentist", start="2027-04-01T09:00", end="")

    page = as_ana.get("/appointments/?from=2027-04-01")
    assert page.status == 200
    assert heading(page) == "Appointments"
    assert f'<a href="{address}" dir="auto">Dentist</a>' in page.text
    assert "Dentist" not in as_cleo.get("/appointments/?from=2027-04-01").text


# /appointments/create/


def test_the_form_has_the_fields_of_the_old_one(as_ana: Client) -> None:
    page = as_ana.get("/appointments/create/")

    assert page.status == 200
    assert heading(page) == "New appointment"
    for name in ("title", "start", "end", "allday", "location"):
        assert page.field(name) is not None
    assert re.search(r'<textarea\b[^>]* name="description"', page.text)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-03-01T09:00", "2027-03-01T10:30"),
        ("2027-03-01 09:00:00", "2027-03-01 10:30:00"),
    ],
)
def test_it_takes_both_ways_to_write_a_time(as_ana: Client, start: str, end: str) -> None:
    answer = as_ana.submit("/appointments/create/", FIELDS | {"start": start, "end": end})

    assert answer.status == 303
    page = as_ana.get(answer.location or "")
    assert page.status == 200
    assert ("success", "The appointment is saved.") in messages(page)
    assert heading(page) == "Lunch with Ben"
    assert "Monday 1 March 2027, 09:00 – 10:30" in seen(page)
    assert "Café Nova" in page.text
    assert "Bring the plans." in page.text
    delete(as_ana, answer.location or "")


def test_all_day_is_a_box_to_tick(as_ana: Client) -> None:
    address = created(as_ana, allday="y", end="")

    page = as_ana.get(address)
    assert "Monday 1 March 2027" in seen(page)
    assert "09:00" not in page.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Please give the appointment a title."),
        ({"start": "soon"}, "Please write a date and a time, such as 2027-03-01 09:00."),
        ({"start": ""}, "This is needed."),
        (
            {"end": "2027-03-01 08:59:00"},
            "The end is before the start. Please choose a later end.",
        ),
    ],
)
def test_what_is_refused_stays_in_the_form(
    as_ana: Client, wrong: dict[str, str], said: str
) -> None:
    fields = FIELDS | {"location": "Nowhere & everywhere"} | wrong

    answer = as_ana.submit("/appointments/create/", fields)

    assert answer.status == 422
    assert said in unescape(answer.text)
    shown = fields | ({"end": "2027-03-01T08:59"} if "end" in wrong else {})
    for name in ("title", "start", "end", "location"):
        assert answer.field(name) == shown[name]
    assert "Bring the plans.</textarea>" in answer.text
    assert (
        "Nowhere"
        not in as_ana.get("/appointments/?q=nowhere+everywhere").text.split(
            '<div class="agenda">'
        )[1]
    )


def test_writing_needs_the_form_token(as_ana: Client) -> None:
    answer = as_ana.post("/appointments/create/", FIELDS | {"title": "Forged"})

    assert answer.status == 400
    assert answer.field("title") == "Forged"
    assert "Forged" not in as_ana.get("/appointments/?from=2027-03-01").text


# /appointments/<id>/


def test_an_appointment_has_a_page(as_ana: Client) -> None:
    page = as_ana.get(created(as_ana))

    assert page.status == 200
    assert heading(page) == "Lunch with Ben"


# /appointments/<id>/edit/


def test_editing_shows_and_then_saves(as_ana: Client) -> None:
    address = created(as_ana)
    page = as_ana.get(f"{address}edit/")
    assert page.status == 200
    assert heading(page) == "Edit appointment"
    for name in ("title", "start", "end", "location"):
        assert page.field(name) == FIELDS[name]

    answer = as_ana.submit(f"{address}edit/", FIELDS | {"title": "Dinner"})

    assert (answer.status, answer.location) == (303, address)
    page = as_ana.get(address)
    assert ("success", "The appointment is saved.") in messages(page)
    assert heading(page) == "Dinner"


def test_an_edit_that_is_refused_stays_in_the_form(as_ana: Client) -> None:
    address = created(as_ana)

    answer = as_ana.submit(f"{address}edit/", FIELDS | {"title": "Dinner", "start": "soon"})

    assert answer.status == 422
    assert (answer.field("title"), answer.field("start")) == ("Dinner", "soon")
    assert heading(as_ana.get(address)) == "Lunch with Ben"


def test_an_edit_that_came_second_is_told(as_ana: Client) -> None:
    address = created(as_ana)
    as_ana.submit(f"{address}edit/", FIELDS | {"title": "Dinner"})

    answer = as_ana.submit(f"{address}edit/", FIELDS | {"title": "Supper", "version": "1"})

    assert answer.status == 409
    assert "Somebody else saved this appointment while you were writing." in answer.text
    assert answer.field("title") == "Supper"
    assert heading(as_ana.get(address)) == "Dinner"


# /appointments/<id>/delete/


def test_deleting_asks_then_does_and_can_be_undone(as_ana: Client) -> None:
    address = created(as_ana, title="Old plan")
    page = as_ana.get(f"{address}delete/")
    assert (page.status, heading(page)) == (200, "Delete this appointment?")
    assert as_ana.get(address).status == 200

    answer = as_ana.submit(f"{address}delete/")

    assert (answer.status, answer.location) == (303, "/appointments/")
    page = as_ana.get("/appointments/")
    assert messages(page) == [("success", "“Old plan” is deleted.")]
    assert as_ana.get(address).status == 404

    undo = re.search(r'<form method="post" action="([^"]*)">', page.text)
    assert undo
    assert undo[1] == f"{address}restoration/"
    answer = as_ana.post(undo[1], {"csrf_token": page.field("csrf_token") or ""})
    assert (answer.status, answer.location) == (303, address)
    page = as_ana.get(address)
    assert (page.status, messages(page)) == (200, [("success", "“Old plan” is back.")])


def test_a_script_deletes_and_is_told_in_json(as_ana: Client) -> None:
    address = created(as_ana)

    answer = delete(as_ana, address)
    assert (answer.status, answer.json) == (200, {"status": "OK"})
    assert answer.headers["Content-Type"] == "application/json"
    answer = delete(as_ana, address)
    assert (answer.status, answer.json) == (404, {"status": "Not Found"})
    answer = delete(as_ana, f"/appointments/{NOBODY}/")
    assert (answer.status, answer.json) == (404, {"status": "Not Found"})


def test_a_script_needs_the_form_token(as_ana: Client) -> None:
    address = created(as_ana)

    answer = as_ana.request("DELETE", f"{address}delete/")

    assert (answer.status, answer.json) == (400, {"status": "Bad Request"})
    assert as_ana.get(address).status == 200


# What belongs to somebody else


def test_anybody_elses_appointment_does_not_exist(as_ana: Client, as_cleo: Client) -> None:
    address = created(as_ana, title="A secret")
    random = f"/appointments/{NOBODY}/"

    for page in ("", "edit/", "delete/"):
        others, nobodys = as_cleo.get(f"{address}{page}"), as_cleo.get(f"{random}{page}")
        assert (others.status, others.text) == (404, nobodys.text)
        assert "A secret" not in others.text
    token = token_of(as_cleo)
    for page in ("edit/", "delete/", "restoration/"):
        fields = FIELDS | {"csrf_token": token}
        others = as_cleo.post(f"{address}{page}", fields)
        nobodys = as_cleo.post(f"{random}{page}", fields)
        assert (others.status, others.text) == (404, nobodys.text)
    answer = delete(as_cleo, address)
    assert (answer.status, answer.json) == (404, {"status": "Not Found"})
    assert heading(as_ana.get(address)) == "A secret"


# The rest


def test_an_address_without_its_slash_leads_to_it(as_ana: Client) -> None:
    for address in ("/appointments", "/appointments/create", "/login", "/logout"):
        answer = as_ana.get(address)
        assert answer.status == 308
        assert (answer.location or "").endswith(f"{address}/")


@pytest.mark.parametrize("address", ["/nothing/", "/appointments/nothing/", "/appointments/1/"])
def test_what_is_not_there_is_404(as_ana: Client, address: str) -> None:
    page = as_ana.get(address)

    assert (page.status, heading(page)) == (404, "There is nothing here")


def test_it_says_that_it_works(visitor: Client) -> None:
    answer = visitor.get("/healthz")

    assert (answer.status, answer.json) == (200, {"status": "ok"})
