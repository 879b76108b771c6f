"""A reader of German reads German on every page, in every refusal, and no English beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from tests.conftest import PASSWORD, Browsing
from tests.language.reading import texts_of
from werkzeug.test import TestResponse

from schedapp.accounts import throttle
from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.language import LOCALES
from schedapp.plumbing.phrases import cities_said

# What is said does not depend on where it is kept.
pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True, scope="session")

ENGLISH, GERMAN = "en_GB", "de"
UNKNOWN = "/appointments/0123456789abcdef/"


@dataclass
class Visit:
    """Somebody with a browser, the language they read, and what is in their book."""

    browser: Browsing
    locale: str
    written: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.browser.get(self._at(path), headers=headers)

    def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.browser.submit(self._at(path), fields, **more)

    def done(self, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
        """Post, and go where that leads."""
        answer = self.post(path, fields)
        assert answer.status_code == 303, answer.text
        return self.browser.get(answer.location)

    def _at(self, path: str) -> str:
        return re.sub(r"<(\w+)>", lambda match: self.written[match[1]], path)


Go = Callable[[Visit], TestResponse]


def open_page(path: str, **headers: str) -> Go:
    return lambda visit: visit.get(path, **headers)


def send(path: str, **fields: Any) -> Go:
    return lambda visit: visit.post(path, fields)


def do(path: str, **fields: Any) -> Go:
    return lambda visit: visit.done(path, fields)


def write(
    start: str = "2027-03-02T19:00", end: str = "2027-03-02T21:00", **different: str
) -> dict[str, str]:
    fields = {"title": "Supper", "start": start, "end": end}
    return fields | {"location": "", "description": "", "zone": "Europe/Berlin"} | different


def settings_with(**different: str) -> dict[str, str]:
    fields = {"name": "Ana", "time_zone": "Europe/Berlin", "locale": GERMAN}
    return fields | {"week_starts_on": "", "hour_cycle": ""} | different


BOTH_TWICE = ("2027-10-31T02:30", "2027-10-31T02:45")
CREATE = "/appointments/create/"
LUNCH = "/appointments/<lunch>/"
FROM_AFAR = {"X-Forwarded-For": "192.0.2.1"}
NEW = "another sentence to keep in mind"
FIRST = {"name": "Ana", "email": "ana@example.org", "password": NEW, "time_zone": "Europe/Berlin"}


def with_old_version(visit: Visit) -> TestResponse:
    visit.post(LUNCH + "edit/", write(title="Brunch", version="1"))
    return visit.post(LUNCH + "edit/", write(title="Supper", version="1"))


def what_was_deleted(visit: Visit) -> TestResponse:
    visit.post(LUNCH + "delete/")
    return visit.post(LUNCH + "edit/", write(title="Supper", version="1"))


def put_back(visit: Visit) -> TestResponse:
    visit.post(LUNCH + "delete/")
    visit.get("/appointments/")
    return visit.done(LUNCH + "restoration/")


def with_a_false_token(path: str, **fields: str) -> Go:
    return lambda visit: visit.browser.post(
        visit._at(path), data={"csrf_token": "false", **fields}
    )


def with_a_title_twice(visit: Visit) -> TestResponse:
    return visit.post(CREATE, write() | {"title": ["Supper", "Dinner"]})


def too_often(visit: Visit) -> TestResponse:
    fields = {"username": "ana@example.org", "password": "not this one"}
    for _ in range(throttle.ACCOUNT.most):
        visit.post("/login/", fields)
    return visit.post("/login/", fields)


def with_a_wrong_code(visit: Visit) -> TestResponse:
    return visit.post("/setup/", FIRST | {"code": "x"}, headers=FROM_AFAR)


def from_elsewhere(visit: Visit) -> TestResponse:
    return visit.browser.post("/login/", headers={"Sec-Fetch-Site": "cross-site"})


def asked_to_sign_in(visit: Visit) -> TestResponse:
    return visit.browser.get("/appointments/", follow_redirects=True)


def overlap(visit: Visit) -> TestResponse:
    return visit.done(CREATE, write("2027-03-01T12:00", "2027-03-01T13:00"))


def overlap_two(visit: Visit) -> TestResponse:
    overlap(visit)
    return overlap(visit)


def save_settings(visit: Visit) -> TestResponse:
    return visit.done("/account/", settings_with(locale=visit.locale))


def end_the_other(visit: Visit) -> TestResponse:
    """End the sign-in that is not this browser's: its button says which it ends."""
    page = visit.get("/account/sign-ins/").text
    (form,) = re.findall(r'action="([^"]+)"(?:(?!</form>).)*aria-label', page, re.DOTALL)
    return visit.done(form)


# Each row: how one comes to a page, its status, and what it says.
Row = tuple[str, Go, int, list[str]]

SIGNED_IN: list[Row] = [
    ("agenda", open_page("/appointments/"), 200, [
        "Termine Neuer Termin", "Ana Abmelden", "Suche", "Finden", "Ab", "Zeigen", "Früher",
        "1 März heute", "Di 2 März morgen", "bis Do., 4. März", "letzter Tag", "ganztägig",
        "Jetzt 09:00", "12:30–13:30", "22:00 – Do. 02:00", "bis 02:00",
        "09:00 bis Di., 9. März", "bis 18:00",
    ]),
    ("search", open_page("/appointments/?q=lunch"), 200, ["Gefunden zu „lunch“"]),
    ("search in vain", open_page("/appointments/?q=xyz"), 200, [
        "Mit diesen Wörtern steht hier nichts.", "Alle Termine",
    ]),
    ("late", open_page("/appointments/?from=2030-01-01"), 200, [
        "Von hier an steht nichts mehr im Buch.", "Heute",
    ]),
    ("one", open_page(LUNCH), 200, [
        "Wann Montag, 1. März 2027, 12:30–13:30 1 Stunde", "Wo", "Termin bearbeiten Löschen",
    ]),
    ("some days", open_page("/appointments/<fair>/"), 200, [
        "Montag, 1. März – Donnerstag, 4. März 2027 (4 Tage)",
    ]),
    ("elsewhere", open_page("/appointments/<call>/"), 200, [
        "Freitag, 5. März 2027, 15:00–16:30 (09:00–10:30 in New York) 1 Stunde 30 Minuten",
    ]),
    ("create", open_page(CREATE), 200, [
        "Titel Beginn Ende Leer gelassen: eine Stunde später oder derselbe Tag. Ganztägig",
        "Ort Beschreibung Termin speichern Abbrechen",
    ]),
    ("edit", open_page(LUNCH + "edit/"), 200, ["Termin bearbeiten"]),
    ("edit elsewhere", open_page("/appointments/<call>/edit/"), 200, [
        "Zeitzone New York Berlin In dieser Zeitzone sind die Zeiten oben gemeint.",
    ]),
    ("delete", open_page(LUNCH + "delete/"), 200, [
        "Diesen Termin löschen?", "Du kannst das gleich danach zurücknehmen.", "Behalten",
    ]),
    ("saved", do(CREATE, **write()), 200, ["Der Termin ist gespeichert."]),
    ("overlap", overlap, 200, [
        "Zur selben Zeit gibt es „Lunch with Ben“.",
        "Zugleich Lunch with Ben heute, 12:30–13:30",
    ]),
    ("two overlaps", overlap_two, 200, [
        "Zur selben Zeit gibt es „Supper“ und 1 weiteren Termin.",
    ]),
    ("begins in the gap", do(CREATE, **write("2027-03-28T02:30", "2027-03-28T05:00")), 200, [
        "An diesem Tag überspringen die Uhren 02:30, der Termin beginnt deshalb um 03:30.",
    ]),
    ("ends in the gap", do(CREATE, **write("2027-03-28T01:00", "2027-03-28T02:30")), 200, [
        "An diesem Tag überspringen die Uhren 02:30, der Termin endet deshalb um 03:30.",
    ]),
    ("begins twice", do(CREATE, **write("2027-10-31T02:30", "2027-10-31T05:00")), 200, [
        "An diesem Tag zeigen die Uhren zweimal 02:30; der Termin beginnt beim ersten Mal.",
    ]),
    ("ends twice", do(CREATE, **write("2027-10-31T01:00", "2027-10-31T02:30")), 200, [
        "An diesem Tag zeigen die Uhren zweimal 02:30; der Termin endet beim ersten Mal.",
    ]),
    ("which of two", send(CREATE, **write(*BOTH_TWICE, title="")), 422, [
        "Welche Uhrzeit ist als Beginn gemeint? die erste, CEST (UTC+2) die zweite, CET (UTC+1)",
        "Welche Uhrzeit ist als Ende gemeint?",
    ]),
    ("deleted", do(LUNCH + "delete/"), 200, [
        "„Lunch with Ben“ ist gelöscht. Rückgängig machen",
    ]),
    ("put back", put_back, 200, ["„Lunch with Ben“ ist wieder da."]),
    ("no title", send(CREATE, **write(title="")), 422, [
        "Bitte gib dem Termin einen Titel.", "Bitte sieh noch einmal nach bei: Titel",
    ]),
    ("long title", send(CREATE, **write(title="x" * 300)), 422, [
        "Bitte nimm höchstens 255 Zeichen; es sind 300.",
    ]),
    ("control characters", send(CREATE, **write(title="a\x07b")), 422, [
        "Hierin stehen Zeichen, die nicht gespeichert werden können. Bitte tipp es neu.",
    ]),
    ("no start", send(CREATE, **write("")), 422, ["Das wird gebraucht."]),
    ("no time", send(CREATE, **write("2027-03-02")), 422, [
        "Bitte gib eine Uhrzeit an oder wähle „Ganztägig“.",
    ]),
    ("no date", send(CREATE, **write("soon")), 422, [
        "Bitte schreib ein Datum und eine Uhrzeit, zum Beispiel 2027-03-01 09:00.",
    ]),
    ("no such date", send(CREATE, **write("2027-02-30T09:00")), 422, [
        "Dieses Datum oder diese Uhrzeit gibt es nicht.",
    ]),
    ("out of reach", send(CREATE, **write("0027-03-02T09:00", "")), 422, [
        "Bitte wähle ein Jahr von 1900 bis 2200.",
    ]),
    ("end first", send(CREATE, **write(end="2027-03-02T18:00")), 422, [
        "Das Ende liegt vor dem Beginn. Bitte wähle ein späteres Ende.",
    ]),
    ("last day first", send(CREATE, **write(end="2027-03-01", allday="y")), 422, [
        "Der letzte Tag liegt vor dem ersten. Bitte wähle einen späteren.",
    ]),
    ("end before the gap's", send(CREATE, **write("2027-03-28T02:30", "2027-03-28T03:15")), 422, [
        ("Die Uhren überspringen den Beginn, den du gewählt hast: Er rückt weiter und läge dann"
        " nach dem Ende. Bitte wähle ein späteres Ende."),
    ]),
    ("end before, or twice", send(CREATE, **write("2027-10-31T02:30", "2027-10-31T02:15")), 422, [
        ("Das Ende liegt vor dem Beginn, es sei denn, du meinst das zweite Mal, dass die Uhren es"
        " zeigen."),
    ]),
    ("no zone", send(CREATE, **write(zone="Europe/Nowhere")), 422, [
        "Es gibt keine Zeitzone namens „Europe/Nowhere“.",
    ]),
    ("tampered with", send(CREATE, **write(version="x")), 422, [
        "Dieses Formular kam nicht so an, wie es abgeschickt wurde. Bitte lade es neu.",
    ]),
    ("two titles", with_a_title_twice, 422, ["„Titel“ wurde mehr als einmal gesendet."]),
    ("false token", with_a_false_token(CREATE, **write()), 400, [
        "Diese Seite war zu lange offen. Nichts ist verloren: Bitte schick sie noch einmal ab.",
    ]),
    ("conflict", with_old_version, 409, [
        "Jemand anders hat diesen Termin gespeichert, während du geschrieben hast.",
        "Nichts ist verloren: Beides steht hier. Trag unten ein, was bleiben soll, und speichere",
        "Jetzt gespeichert Was du geschrieben hast",
    ]),
    ("conflict with a deletion", what_was_deleted, 409, [
        "Dieser Termin wurde gelöscht, während du geschrieben hast.",
        "Nichts ist verloren: Speichere ihn, dann steht er so wieder da, wie du ihn geschrieben",
    ]),
    ("sign out", open_page("/logout/"), 200, [
        "In diesem Browser abmelden?", "Angemeldet bleiben",
    ]),
    ("settings", open_page("/account/"), 200, [
        "Konto Über dich Passwort Anmeldungen", "Zeitzone Afrika",
        "Termine werden so gezeigt, wie dort die Uhren gehen. Sprache",
        "Die Woche beginnt am wie in dieser Sprache üblich Montag Sonntag Samstag",
        "Uhr wie in dieser Sprache üblich 24 Stunden (18:30) 12 Stunden (6:30 PM)",
        "Einstellungen speichern",
    ]),
    ("settings saved", save_settings, 200, ["Deine Einstellungen sind gespeichert."]),
    ("no name", send("/account/", **settings_with(name="")), 422, ["Das wird gebraucht."]),
    ("long name", send("/account/", **settings_with(name="x" * 201)), 422, [
        "Bitte nimm höchstens 200 Zeichen.",
    ]),
    ("no language", send("/account/", **settings_with(locale="tlh")), 422, [
        "Bitte wähle eines davon aus.",
    ]),
    ("password", open_page("/account/password/"), 200, [
        "Ein neues Passwort meldet alle anderen Browser ab.", "Bisheriges Passwort",
        "Neues Passwort Mindestens 15 Zeichen. Ein kurzer Satz lässt sich leicht merken.",
        "Passwort ändern",
    ]),
    ("short password", send("/account/password/", current=PASSWORD, password="short"), 422, [
        ("Bitte nimm mindestens 15 Zeichen. Drei oder vier Wörter, die nichts miteinander zu tun"
        " haben, merkt man sich leicht und errät man schwer."),
    ]),
    ("long password", send("/account/password/", current=PASSWORD, password="x" * 1025), 422, [
        "Bitte nimm höchstens 1024 Byte.",
    ]),
    ("wrong password", send("/account/password/", current="not this one", password=NEW), 422, [
        "Das ist nicht dein bisheriges Passwort.",
    ]),
    ("new password", do("/account/password/", current=PASSWORD, password=NEW), 200, [
        "Dein Passwort ist geändert. Andere Browser sind abgemeldet.",
    ]),
    ("sign-ins", open_page("/account/sign-ins/"), 200, [
        "Wo du angemeldet bist", "Firefox · Linux Dieser Browser Zuletzt gesehen: heute, 09:00",
        "Mit Passwort angemeldet: heute, 09:00", "Diesen Browser abmelden",
        "Ein Browser Zuletzt gesehen", "Ein Browser abmelden", "bleibt angemeldet",
        "Überall sonst abmelden",
    ]),
    ("sign-in ended", end_the_other, 200, ["Der Browser ist abgemeldet."]),
    ("sign-ins ended", do("/account/sign-ins/end/"), 200, [
        "Alle anderen Browser sind abgemeldet.",
    ]),
    ("nothing there", open_page(UNKNOWN), 404, [
        "Hier ist nichts",
        "Vielleicht ist die Adresse vertippt, oder was hier war, ist gelöscht.",
        "Zu deinen Terminen",
    ]),
    ("old token", with_a_false_token(LUNCH + "delete/"), 400, [
        "Das kam nicht so an, wie es sollte",
        "Vielleicht war die Seite zu lange offen. Geh zurück, lade sie neu",
    ]),
]  # fmt: skip

STRANGER: list[Row] = [
    ("sign in", open_page("/login/"), 200, [
        "E-Mail Passwort Auf diesem Gerät angemeldet bleiben Anmelden",
    ]),
    ("sign in first", asked_to_sign_in, 200, ["Bitte melde dich an, um deine Termine zu sehen."]),
    ("wrong password", send("/login/", username="ana@example.org", password="not this one"), 422, [
        "Benutzername oder Passwort ist nicht richtig.",
    ]),
    ("no user name", send("/login/", username="", password=PASSWORD), 422, [
        "Das wird gebraucht.",
    ]),
    ("no password", send("/login/", username="ana@example.org"), 422, ["Das wird gebraucht."]),
    ("long user name", send("/login/", username="x" * 300, password=PASSWORD), 422, [
        "Das ist zu lang.",
    ]),
    ("too often", too_often, 429, [
        ("Das waren zu viele Versuche. Bitte warte eine Weile, bevor du es wieder versuchst;"
        " andere Wege der Anmeldung und Browser, die schon angemeldet sind, funktionieren"
        " weiter."),
    ]),
    ("from elsewhere", from_elsewhere, 403, [
        "Das kam von einer anderen Website",
        "Zu deinem Schutz nimmt sched nur an, was von seinen eigenen Seiten kommt.",
    ]),
    ("nothing there", open_page("/nothing/"), 404, ["Hier ist nichts"]),
    ("not so", send("/appointments/"), 405, [
        "Das geht hier nicht Die Adresse stimmt, aber nicht dafür.",
    ]),
    ("too much", send("/login/", username="x" * 5_000_000), 413, [
        "Das ist zu viel auf einmal Bitte sende weniger als vier Megabyte.",
    ]),
]  # fmt: skip

FIRST_USER: list[Row] = [
    ("welcome", open_page("/setup/"), 200, [
        ("Dieses Terminbuch gehört dir. Noch steht nichts darin. Sag, wer du bist, und du kannst"
        " beginnen; du verwaltest es dann auch."),
        "Damit meldest du dich an.", "Beginnen",
    ]),
    ("code", open_page("/setup/", **FROM_AFAR), 200, [
        "Einrichtungscode sched hat ihn dort ausgegeben, wo es gestartet wurde.",
    ]),
    ("wrong code", with_a_wrong_code, 422, [
        "Das ist nicht der Einrichtungscode, den sched ausgegeben hat.",
    ]),
    ("no address", send("/setup/", **FIRST | {"email": "ana"}), 422, [
        "Das ist keine E-Mail-Adresse. Sie sollte aussehen wie ana@example.org.",
    ]),
    ("begun", do("/setup/", **FIRST), 200, [
        "Willkommen. Das ist dein Terminbuch.",
        "Dein Buch ist leer, und der Tag gehört dir. Ersten Termin eintragen",
    ]),
]  # fmt: skip


def table(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("go", "status", "says"), [pytest.param(*row[1:], id=row[0]) for row in rows]
    )


@pytest.fixture
def visit(app: Flask) -> Callable[[str], Visit]:
    """A stranger looks in, with a browser that asks for a language."""
    return lambda locale: Visit(speaking(locale, app.test_client()), locale)


@pytest.fixture
def visit_of_ana(
    app: Flask,
    add_user: Callable[..., User],
    browser_of: Callable[..., Browsing],
    write_down: Callable[..., Appointment],
    cheap_hashes: None,
) -> Callable[[str], Visit]:
    """Ana, who reads a language, has a book and looks into it."""

    def make(locale: str) -> Visit:
        ana = add_user("Ana", email=f"ana.{locale.lower()}@example.org", locale=locale)
        # What a browser asks for does not count once one has said it oneself.
        browser = speaking({ENGLISH: GERMAN, GERMAN: ENGLISH}[locale], browser_of(ana))
        another = speaking(locale, app.test_client())
        fields = {"username": ana.email, "password": PASSWORD, "stay": "y"}
        another.submit("/login/", fields, headers={"User-Agent": ""})
        visit = Visit(browser, locale)
        for title, start, end, different in BOOK:
            walls = {"start": datetime.fromisoformat(start), "end": datetime.fromisoformat(end)}
            written = write_down(ana, title, **walls, **different)
            visit.written[title.split()[0].lower()] = written.public_id
        return visit

    return make


BOOK: list[tuple[str, str, str, dict[str, Any]]] = [
    ("Lunch with Ben", "2027-03-01T12:30", "2027-03-01T13:30", {}),
    ("Fair", "2027-03-01", "2027-03-04", {"all_day": True}),
    ("Rent", "2027-03-02", "2027-03-02", {"all_day": True}),
    ("Night", "2027-03-03T22:00", "2027-03-04T02:00", {}),
    ("Call", "2027-03-05T09:00", "2027-03-05T10:30", {"zone": "America/New_York"}),
    ("Tour", "2027-03-06T09:00", "2027-03-09T18:00", {}),
]


def speaking(locale: str, browser: Any) -> Browsing:
    assert isinstance(browser, Browsing)
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = locale.replace("_", "-")
    return browser


def check(visit: Callable[[str], Visit], go: Go, status: int, says: list[str]) -> None:
    """Check what a German page says, and that it shares no words with the English one."""
    german = go(visit(GERMAN))

    assert german.status_code == status
    assert '<html lang="de">' in german.text
    said = texts_of(german.text)
    page = " ".join(said)
    assert [each for each in says if each not in page] == []

    english = go(visit(ENGLISH))

    assert english.status_code == status
    assert [text for text in set(said) & set(texts_of(english.text)) if not is_alike(text)] == []


def is_alike(text: str) -> bool:
    """Say whether a text is the same in English and German: no words, names, one's own words."""
    return not re.search(r"[^\W\d_]{2}", text) or text.removesuffix(" – sched") in ALIKE


ALIKE = {
    *cities_said(ENGLISH).values(), *LOCALES.values(), "sched", "Ana", "Name",
    *(title for title, *_ in BOOK), "Supper", "Dinner", "Brunch", "Café Nova",
    "Firefox · Linux",
}  # fmt: skip


@table(SIGNED_IN)
def test_ana_reads_german(
    visit_of_ana: Callable[[str], Visit], go: Go, status: int, says: list[str]
) -> None:
    check(visit_of_ana, go, status, says)


@pytest.mark.usefixtures("ana", "cheap_hashes")
@table(STRANGER)
def test_a_stranger_reads_german(
    visit: Callable[[str], Visit], go: Go, status: int, says: list[str]
) -> None:
    check(visit, go, status, says)


@pytest.mark.usefixtures("cheap_hashes")
@table(FIRST_USER)
def test_the_first_user_reads_german(
    visit: Callable[[str], Visit], go: Go, status: int, says: list[str]
) -> None:
    said = texts_of((answer := go(visit(GERMAN))).text)

    assert answer.status_code == status
    assert '<html lang="de">' in answer.text
    page = " ".join(said)
    assert [each for each in says if each not in page] == []


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("de", "de"),
        ("de-AT, en;q=0.8", "de"),
        ("en;q=0.8, de;q=0.9", "de"),
        ("fr, de;q=0.5", "de"),
        ("en-US, de;q=0.9", "en-US"),
        ("en-AU", "en-GB"),
        ("fr", "en-GB"),
        ("de;q=0, fr", "en-GB"),
        ("den", "en-GB"),
        ("*", "en-GB"),
        ("", "en-GB"),
        ("de;q=x, ;;,", "en-GB"),
    ],
)
def test_the_browser_decides_where_nobody_is_signed_in(
    anonymous: Browsing, asked: str, answered: str
) -> None:
    page = anonymous.get("/login/", headers={"Accept-Language": asked})

    assert page.status_code == 200
    assert f'<html lang="{answered}">' in page.text


def test_after_signing_out_the_browser_decides_again(
    visit_of_ana: Callable[[str], Visit],
) -> None:
    page = visit_of_ana(GERMAN).done("/logout/").text

    assert '<html lang="en-GB">' in page
    # What was said while signed in was said in her own language.
    assert "Du bist abgemeldet." in page
