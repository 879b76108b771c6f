"""What is compared: how each is filled, started and spoken to."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from argon2 import PasswordHasher
from sqlalchemy import create_engine

from benchmarks import book as books
from benchmarks.book import PASSWORD, ZONE, Book, email_of
from benchmarks.browser import Browser, WrongAnswer, fields_of, path_of, sign_in
from benchmarks.load import Asked, Writer
from benchmarks.machine import Server, as_sched_serves, free_port, serving
from benchmarks.port2013.models import Appointment, Base, User

AGENDA = "/appointments/"
# As sched hashes: 64 MiB, three passes, one lane.
hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)


@dataclass(frozen=True)
class Place:
    """Where a contender keeps its things."""

    directory: Path
    database: str


class Program(Protocol):
    """A program that people sign in to and keep appointments in."""

    name: str
    says_not_modified: bool
    ready: str

    def set_up(self, place: Place) -> None:
        """Make what its command needs to run, but nobody and nothing in it."""

    def fill(self, place: Place, book: Book, now: datetime) -> None:
        """Make the tables and put the people and their appointments in."""

    def command(self, port: int, threads: int) -> list[str]:
        """Return the command that serves it."""

    def environment(self, place: Place) -> Mapping[str, str]:
        """Return its settings."""

    def one_change(self, book: Book, people: int, now: datetime) -> list[str]:
        """Return the statements that give what each person sees first another title.

        `{round}` in them stands for the number of the change, which the new title holds.
        """

    def titles_like(self, place: Place, prefix: str) -> int:
        """Return how many appointments there are whose title begins so and that stand."""


class Port:
    """The plain port of the 2013 program."""

    name = "port"
    says_not_modified = False
    ready = "/login/"

    def set_up(self, place: Place) -> None:
        engine = create_engine(self.environment(place)["PORT_DATABASE_URL"])
        Base.metadata.create_all(engine)
        engine.dispose()

    def fill(self, place: Place, book: Book, now: datetime) -> None:
        self.set_up(place)
        address = place.database
        kept = hasher.hash(PASSWORD)
        then = now.replace(tzinfo=None)
        books.put_in(
            address,
            User.__table__,  # type: ignore[arg-type]
            (
                {
                    "id": person,
                    "created": then,
                    "modified": then,
                    "name": f"Person {person}",
                    "email": email_of(person),
                    "active": True,
                    "password_hash": kept,
                }
                for person in range(1, book.people + 1)
            ),
        )
        books.put_in(
            address,
            Appointment.__table__,  # type: ignore[arg-type]
            (
                {
                    "id": number * book.people + person,
                    "created": then,
                    "modified": then,
                    "title": entry.title(person),
                    "start": entry.start,
                    "end": entry.end,
                    "allday": entry.all_day,
                    "location": entry.location,
                    "description": entry.description,
                    "user_id": person,
                }
                for number, entry in enumerate(books.entries(book, now))
                for person in range(1, book.people + 1)
            ),
        )
        books.analyze(address)

    def command(self, port: int, threads: int) -> list[str]:
        return as_sched_serves("benchmarks.port2013:app", port=port, threads=threads)

    def environment(self, place: Place) -> Mapping[str, str]:
        return {
            "PORT_DATABASE_URL": place.database.replace("postgresql:", "postgresql+psycopg:"),
            "PORT_SECRET_KEY": "only-while-measuring",
        }

    def one_change(self, book: Book, people: int, now: datetime) -> list[str]:
        raise NotImplementedError("the port keeps nothing that a change could outdate")

    def titles_like(self, place: Place, prefix: str) -> int:
        found = books.ask(
            place.database, f"SELECT count(*) FROM appointment WHERE title LIKE '{prefix}%'"
        )
        return int(found[0][0])


def program_named(name: str) -> Program:
    """Return a program by its name."""
    if name == "port":
        return Port()
    # Imports this module, and all of sched, which has to be importable only when it is measured.
    from benchmarks.fill_sched import Sched  # noqa: PLC0415

    return Sched()


@dataclass
class Stage:
    """A program that runs, filled, with some people signed in."""

    program: Program
    place: Place
    server: Server
    book: Book
    now: datetime
    browsers: list[Browser]

    def agenda(self, *, etags: bool = False) -> list[Asked]:
        """Return one request for each person's agenda; with `etags`, as a browser repeats it."""
        asked = []
        for browser in self.browsers:
            headers = browser.headers()
            if etags:
                answer = browser.get(AGENDA)
                if "etag" not in answer.headers:
                    raise WrongAnswer(f"{self.program.name}'s agenda has no ETag")
                headers = {**headers, "If-None-Match": answer.headers["etag"]}
            asked.append(Asked(AGENDA, headers))
        return asked

    def check_agenda(self) -> None:
        """Check that each person is shown their own appointments, and nobody else's.

        Raises:
            WrongAnswer: otherwise.
        """
        expected = books.ahead(self.book, self.now)
        for person, browser in enumerate(self.browsers, start=1):
            answer = browser.get(AGENDA)
            if answer.status != 200:
                raise WrongAnswer(f"{self.program.name}: the agenda answers {answer.status}")
            # The first has another title when `one_change` was at work, and the last ones may
            # stand on the next page when today began with others.
            titles = [e.title(person).replace("&", "&amp;") for e in expected[1:40]]
            absent = [title for title in titles if title not in answer.text]
            if absent:
                raise WrongAnswer(f"{self.program.name}: not in the agenda: {absent[:3]}")
            others = answer.text.count(" of person ") - answer.text.count(f" of person {person}")
            if others:
                raise WrongAnswer(f"{self.program.name}: shows somebody else's appointments")

    def keeps_for_other_browsers(self) -> bool:
        """Say whether a page is one and the same for two browsers of one person."""
        browser = Browser(self.server.port)
        sign_in(browser, email_of(1), PASSWORD)
        for _ in range(3):
            tags = {each.get(AGENDA).headers.get("etag") for each in (self.browsers[0], browser)}
            if len(tags) == 1:
                break  # a minute may have begun in between, but hardly twice
        browser.close()
        return len(tags) == 1

    def check_writing(self) -> None:
        """Create, see, change and delete one appointment as a person does.

        Raises:
            WrongAnswer: if one of these does not work.
        """
        browser = self.browsers[0]
        answer = browser.fill_in(AGENDA + "create/", **typed("Written once"))
        self.expect(answer.status in {302, 303}, "creating is not answered with a redirect")
        path = path_of(answer.headers["location"])
        self.expect("Written once" in browser.get(path).text, "what was created is not shown")
        answer = browser.fill_in(path + "edit/", **typed("Written twice"))
        self.expect(answer.status in {302, 303}, "editing is not answered with a redirect")
        self.expect("Written twice" in browser.get(path).text, "what was edited is not shown")
        token = fields_of(browser.get(AGENDA + "create/").text, having="title")["csrf_token"]
        answer = browser.ask("DELETE", path + "delete/", headers={"X-CSRFToken": token})
        self.expect(answer.status == 200, f"deleting answers {answer.status}")
        self.expect(browser.get(path).status == 404, "what was deleted is still there")

    def expect(self, right: bool, otherwise: str) -> None:  # noqa: FBT001
        if not right:
            raise WrongAnswer(f"{self.program.name}: {otherwise}")

    def writers(self) -> list[Writer]:
        """Return everybody ready to write: what their browser has when the form is open."""
        found = []
        extra: dict[str, str] = {}
        for number, browser in enumerate(self.browsers):
            fields = fields_of(browser.get(AGENDA + "create/").text, having="title")
            token = fields["csrf_token"]
            create = fields | typed("")
            if number == 0:
                # The edit form may say which version it shows; that of a new one is always alike.
                answer = browser.fill_in(AGENDA + "create/", **typed("For its form"))
                path = path_of(answer.headers["location"])
                shown = fields_of(browser.get(path + "edit/").text, having="title")
                extra = {k: v for k, v in shown.items() if k not in create}
                browser.ask("DELETE", path + "delete/", headers={"X-CSRFToken": token})
            headers = {
                **browser.headers(),
                "Origin": self.server.address,
                "Sec-Fetch-Site": "same-origin",
                "X-CSRFToken": token,
            }
            del create["title"]
            found.append(Writer(headers, create, {**create, **extra}))
        return found


def typed(title: str) -> dict[str, str]:
    """Return what a person types into the form of an appointment."""
    return {
        "title": title,
        "start": "2031-03-01T09:00",
        "end": "2031-03-01T10:00",
        "location": "Room 4",
        "description": "Bring the papers.",
    }


@contextlib.contextmanager
def on_stage(
    program: Program, place: Place, book: Book, *, threads: int, people: int
) -> Iterator[Stage]:
    """Fill a program, run it, sign some people in and check what they see."""
    now = datetime.now(ZONE)
    place.directory.mkdir(parents=True, exist_ok=True)
    program.fill(place, book, now)
    with running(program, place, threads=threads) as server:
        browsers = [Browser(server.port) for _ in range(min(people, book.people))]
        for person, browser in enumerate(browsers, start=1):
            sign_in(browser, email_of(person), PASSWORD)
        stage = Stage(program, place, server, book, now, browsers)
        stage.check_agenda()
        yield stage
        for browser in browsers:
            browser.close()


@contextlib.contextmanager
def running(program: Program, place: Place, *, threads: int) -> Iterator[Server]:
    """Run a program over what it has kept."""
    port = free_port()
    with serving(
        program.command(port, threads),
        port=port,
        directory=place.directory,
        environment=program.environment(place),
        ready=program.ready,
    ) as server:
        yield server


@contextlib.contextmanager
def hello(directory: Path, *, threads: int) -> Iterator[Server]:
    """Run the bare Flask view."""
    port = free_port()
    command = as_sched_serves("benchmarks.hello:app", port=port, threads=threads)
    with serving(command, port=port, directory=directory, environment={}) as server:
        yield server


@contextlib.contextmanager
def hash_once(directory: Path, *, threads: int) -> Iterator[Server]:
    """Run the view that checks one password."""
    port = free_port()
    command = as_sched_serves("benchmarks.hash_once:app", port=port, threads=threads)
    environment = {"BENCHMARK_HASH": hasher.hash(PASSWORD)}
    with serving(command, port=port, directory=directory, environment=environment) as server:
        yield server
