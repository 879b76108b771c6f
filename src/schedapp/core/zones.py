"""What a wall-clock time means: the names of zones, moments, and both changes of the clocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from schedapp.core.errors import Refused

EARLIEST = date(1900, 1, 1)
"""The first day that is taken. Before about 1900 places kept the sun's time, to the second, and
nobody has an appointment there; a year such as 0027 is a slip of the finger."""

LATEST = date(2200, 12, 31)
"""The last day that is taken, long after the last appointment of anybody who reads this. Far from
the ends of what `datetime` can hold, so that no sum of times and offsets overflows."""

_ONE_SECOND = timedelta(seconds=1)
_ZONES = resources.files("tzdata")
_NOT_FOR_PEOPLE = {"Factory"}  # the placeholder of a machine that was never told where it is


class Kind(Enum):
    """How often the clocks of a place show a time on its day."""

    ONCE = "once"
    MISSING = "missing"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class WallTime:
    """What a wall-clock time means in a zone.

    `becomes` is the wall time that is meant: what was asked, unless that is MISSING. `moments` are
    all that the clocks show it at: two where it is TWICE, and `moment` is one of them.
    """

    moment: datetime
    kind: Kind
    becomes: datetime
    moments: tuple[datetime, ...]


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name, for example Europe/Berlin; old names are taken too.

    Its rules are those of the tzdata package, which is locked: the system's own may be older, and
    processes on two machines must not disagree about a time.

    Raises:
        Refused: if there is none.
    """
    if name not in _known_names():
        raise Refused("There is no time zone called “%(name)s”.", name=_shortened(name))
    return _zone(name)


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names to offer people, sorted: the places of the tz database, and UTC.

    They are the names in use today; `zone_named` also takes the older ones (Asia/Calcutta).
    """
    lines = (_ZONES / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    places = {line.split("\t")[2] for line in lines if line and not line.startswith("#")}
    return tuple(sorted(places | {"UTC"}))


def check_is_within_reach(day: date, *, field: str | None = None) -> None:
    """Check that a date (or a wall-clock time) lies in the years that are taken.

    Raises:
        Refused: if it is before `EARLIEST` or after `LATEST`.
    """
    if not EARLIEST.year <= day.year <= LATEST.year:
        raise Refused(
            "Please choose a year from %(earliest)d to %(latest)d.",
            field=field,
            earliest=EARLIEST.year,
            latest=LATEST.year,
        )


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC moment that a wall-clock time means in a zone.

    A time that the clocks skip takes the offset from before the change; one that
    they show twice means the first (RFC 5545 section 3.3.5).

    Raises:
        ValueError: if `wall` already has a time zone.
        Refused: if it is not in the years that are taken.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall-clock time has no time zone")
    check_is_within_reach(wall)
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def wall_time_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of a zone show at a moment, as a naive datetime.

    Raises:
        ValueError: if `moment` has no time zone.
        Refused: if it is at an end of the calendar, where not every place has a date.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment has a time zone")
    try:
        return moment.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        check_is_within_reach(moment)
        raise


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the date on the calendars of a zone at a moment, as `wall_time_of` does."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        check_is_within_reach(moment)
        raise


def meaning_of(wall: datetime, zone: ZoneInfo, *, second: bool = False) -> WallTime:
    """Return what a wall-clock time means in a zone, and whether that needs saying.

    With `second`, a time that is shown twice means the second; other times do not mind. A missing
    one moves on by the gap (RFC 5545 section 3.3.5).

    Raises:
        ValueError: if `wall` already has a time zone.
        Refused: if it is not in the years that are taken.
    """
    first = moment_of(wall, zone)
    shown = wall_time_of(first, zone)
    wall = wall.replace(fold=0)
    if shown != wall:
        return WallTime(first, Kind.MISSING, shown, (first,))
    again = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if again == first:
        return WallTime(first, Kind.ONCE, wall, (first,))
    return WallTime(again if second else first, Kind.TWICE, wall, (first, again))


@lru_cache(maxsize=8192)
def first_moment_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which a day begins in a zone.

    That is midnight; the end of the gap where midnight is skipped; and, where the calendar skips
    the whole day, the beginning of the next.

    Raises:
        Refused: if it is more than a year outside the years that are taken.
    """
    if not EARLIEST.year - 1 <= day.year <= LATEST.year + 1:
        check_is_within_reach(day)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  a wall-clock time
    moment = midnight.replace(tzinfo=zone).astimezone(UTC)
    if wall_time_of(moment, zone) == midnight:
        return moment
    # Midnight lies inside a gap: search the moment of the change, where the date leaps.
    before = midnight.replace(tzinfo=zone, fold=1).astimezone(UTC) - _ONE_SECOND
    while moment - before > _ONE_SECOND:
        between = before + (moment - before) // _ONE_SECOND // 2 * _ONE_SECOND
        if day_of(between, zone) >= day:
            moment = between
        else:
            before = between
    return moment


@cache
def _known_names() -> frozenset[str]:
    return frozenset((_ZONES / "zones").read_text("utf-8").split()) - _NOT_FOR_PEOPLE


@cache
def _zone(name: str) -> ZoneInfo:
    with _ZONES.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _shortened(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"
