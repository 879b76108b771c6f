"""Made-up people and a year of their appointments, to try things out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from schedapp.appointments.actions import Draft

BEFORE = timedelta(days=90)
AFTER = timedelta(days=275)
"""The year lies around today: a quarter is over, three are to come."""

FIRST_NAMES = (
    "Ana", "Ben", "Cleo", "Dario", "Edda", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya",
    "Liam", "Mira", "Nils", "Olga", "Pavel", "Rosa", "Sami", "Tilda", "Umar", "Vera", "Yara",
)  # fmt: skip
LAST_NAMES = (
    "Albers", "Brandt", "Costa", "Duval", "Eriksen", "Ferrari", "Green", "Horvat", "Ivanova",
    "Jensen", "Keller", "Lindqvist", "Moreau", "Novak", "Okafor", "Petersen", "Quinn",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist; their address cannot receive mail (RFC 2606 section 3)."""

    name: str
    email: str


@dataclass(frozen=True)
class Thing:
    """Something that people have in their books, and how it is there."""

    title: str
    place: str = ""
    minutes: int = 60
    note: str = ""


@dataclass(frozen=True)
class Habit:
    """Something that comes back: on a weekday (Monday is 0), every so many weeks."""

    thing: Thing
    weekday: int
    at: time
    every_weeks: int = 1


HABITS = (
    Habit(Thing("Week planning", "Office, small room", 45), 0, time(9, 0)),
    Habit(Thing("Yoga", "Studio Lotus, Mill Street 4", 75), 1, time(18, 30)),
    Habit(Thing("Piano lesson", "Music school, room 12", 45), 2, time(17, 15)),
    Habit(Thing("Lunch with Ben", "Café Nova"), 3, time(12, 30), 2),
    Habit(Thing("Choir", "St Anne's hall", 120, "Bring the blue folder."), 3, time(19, 30)),
    Habit(Thing("Call home", "", 30), 6, time(17, 0)),
    Habit(Thing("Market", "Harbour square", 60), 5, time(9, 30), 2),
    Habit(Thing("Bookkeeping", "", 90, "Receipts, invoices, transfers."), 4, time(15, 0), 2),
)

WORK = (
    Thing("Meeting with Cleo", "Office, large room", 60, "Agenda: offer, dates, next steps."),
    Thing("Interview", "Office, small room", 45),
    Thing("Site visit", "Harbour Road 17", 120, "Ask for the key at the gate."),
    Thing("First consultation", "Practice, room 2", 50),
    Thing("Follow-up", "Practice, room 2", 25),
    Thing("Phone call with the bank", "", 20),
    Thing("Review of the quarter", "Office, large room", 90),
    Thing("Workshop", "Town library", 180, "Pens, paper, name tags."),
    Thing("Photo session", "Studio North", 120),
    Thing("Video call", "https://meet.example.org/room", 30),
)
LEISURE = (
    Thing("Dentist", "Dr Okafor, Park Lane 3", 30, "Bring the insurance card."),
    Thing("Hairdresser", "Salon Rosa", 45),
    Thing("Cinema", "Lumière, screen 2", 130),
    Thing("Dinner with friends", "Trattoria da Nino", 150),
    Thing("Parents' evening", "School, room 204", 90),
    Thing("Concert", "City hall", 150, "Seats 14 and 15."),
    Thing("Bicycle to the workshop", "Spoke & Chain", 15),
    Thing("Swimming", "Pool on the hill", 75),
)
JOURNEYS = (
    (Thing("Holiday in Brittany", "Saint-Malo", note="House key from the neighbour."), 9),
    (Thing("Conference", "Lisbon", note="Talk on the second day."), 3),
    (Thing("Long weekend in the mountains", "Hut on the lake"), 4),
    (Thing("Visit to the parents", "Aarhus"), 2),
)
NIGHTS = (
    (Thing("Night train to Vienna", "Central station, platform 7"), time(20, 40), time(8, 5)),
    (Thing("Night shift", "Ward 3"), time(22, 0), time(6, 0)),
    (Thing("New Year's party", "Rosa's place"), time(20, 0), time(2, 30)),
)
DAYS = (
    Thing("Ben's birthday"),
    Thing("Cleo's birthday"),
    Thing("Tax return is due"),
    Thing("Heating is read", note="Somebody has to be at home."),
    Thing("Moving day", "Mill Street 9"),
)


def person(number: int) -> Person:
    """Return the made-up person of a number; the first is 0, and all addresses differ."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number * 5 % len(LAST_NAMES)]
    lap = number // len(FIRST_NAMES)
    address = f"{first.lower()}{lap + 1 if lap else ''}@example.org"
    return Person(f"{first} {last}", address)


def year_of(random: Random, *, today: date, zone: str) -> Iterator[Draft]:
    """Return a year of appointments around a day, as somebody would have written them down."""
    days = [today - BEFORE + timedelta(days=n) for n in range((BEFORE + AFTER).days)]
    habits = random.sample(HABITS, k=5)
    for day in days:
        yield from _of_day(random, day, habits, zone)
    for thing, length in JOURNEYS:
        first = random.choice(days)
        yield _days(thing, first, first + timedelta(days=length - 1), zone)
    for thing in DAYS:
        day = random.choice(days)
        yield _days(thing, day, day, zone)
    for thing, begins, ends in NIGHTS:
        for day in random.sample(days, k=2):
            start = datetime.combine(day, begins)
            yield _timed(thing, start, datetime.combine(day + timedelta(days=1), ends), zone)


def _of_day(random: Random, day: date, habits: list[Habit], zone: str) -> Iterator[Draft]:
    week = day.toordinal() // 7
    for habit in habits:
        if habit.weekday == day.weekday() and week % habit.every_weeks == 0:
            yield _starting(habit.thing, datetime.combine(day, habit.at), zone)
    if day.weekday() < 5:
        for hour in random.sample((10, 11, 13, 14, 16), k=random.choice((0, 0, 1, 1, 2))):
            yield _starting(random.choice(WORK), _at(random, day, hour), zone)
    if random.random() < 0.15:
        yield _starting(random.choice(LEISURE), _at(random, day, random.choice((17, 20))), zone)


def _at(random: Random, day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, random.choice((0, 0, 0, 15, 30))))


def _starting(thing: Thing, start: datetime, zone: str) -> Draft:
    return _timed(thing, start, start + timedelta(minutes=thing.minutes), zone)


def _timed(thing: Thing, start: datetime, end: datetime, zone: str) -> Draft:
    return Draft(
        title=thing.title,
        start=start,
        end=end,
        all_day=False,
        location=thing.place,
        description=thing.note,
        zone=zone,
    )


def _days(thing: Thing, first: date, last: date, zone: str) -> Draft:
    return Draft(
        title=thing.title,
        start=datetime.combine(first, time.min),
        end=datetime.combine(last, time.min),
        all_day=True,
        location=thing.place,
        description=thing.note,
        zone=zone,
    )
