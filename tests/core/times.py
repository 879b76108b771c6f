"""Times to test with: short ways to write them, and strategies for every zone there is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from schedapp.core import zones as schedapp_zones

ALL_ZONES = [schedapp_zones.zone_named(name) for name in sorted(schedapp_zones._known_names())]

zones = st.sampled_from(ALL_ZONES)


def at(text: str) -> datetime:
    """Read a wall-clock time."""
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    """Read a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


instants = st.datetimes(at("1900-01-03"), at("2200-12-29"), timezones=st.just(UTC))


def change_in(zone: ZoneInfo, moment: datetime) -> datetime | None:
    """Find the first change of a zone's clocks in the 400 days after a moment, to the second."""
    before = moment.replace(microsecond=0)
    offset = before.astimezone(zone).utcoffset()
    for _ in range(400):
        after = min(before + timedelta(days=1), utc("2200-12-30T00:00"))
        if after.astimezone(zone).utcoffset() != offset:
            break
        before = after
    else:
        return None
    while after - before > timedelta(seconds=1):
        between = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if between.astimezone(zone).utcoffset() == offset:
            before = between
        else:
            after = between
    return after
