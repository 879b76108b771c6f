"""What clients sent, what was acknowledged, and whether a book agrees with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

ZONE = "Etc/UTC"
FIRST_START = datetime(2027, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """What an appointment is: which text it has, and whether it was deleted.

    A text of None is an appointment that is not there at all.
    """

    text: str | None
    deleted: bool = False


ABSENT = State(None)


@dataclass
class Entry:
    """One client's own appointment: what it may be now; one state unless something is in doubt."""

    may_be: set[State]
    public_id: str | None = None
    acknowledged: int = 0
    in_doubt: int = 0

    def acknowledge(self, *states: State) -> None:
        """Note that a change was acknowledged, which left the appointment like this.

        Where it may have been like this before, the change may have been none.
        """
        if self.may_be & set(states):
            self.in_doubt += 1
        else:
            self.acknowledged += 1
        self.may_be = set(states)

    def doubt(self, *states: State) -> None:
        """Note that a change may have been made, which would leave the appointment like this."""
        self.in_doubt += 1
        self.may_be |= set(states)

    def learn(self, *, deleted: bool) -> bool:
        """Note that it was found deleted, or not; return whether that is possible."""
        left = {state for state in self.may_be if state.deleted is deleted}
        self.may_be = left or self.may_be
        return bool(left)

    def texts(self) -> list[str]:
        """Return all texts that it may have."""
        return [state.text for state in self.may_be if state.text is not None]


@dataclass(frozen=True)
class SharedEdit:
    """An edit of an appointment that several clients edit: what the writer had seen, and wrote."""

    seen: int
    text: str
    acknowledged: bool


@dataclass
class Journal:
    """What one client knows."""

    owner: str
    entries: list[Entry] = field(default_factory=list)
    shared: list[SharedEdit] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    write_seconds: list[float] = field(default_factory=list)
    broken: int = 0

    @property
    def acknowledged(self) -> int:
        """How many changes were acknowledged."""
        return sum(e.acknowledged for e in self.entries) + sum(e.acknowledged for e in self.shared)

    @property
    def in_doubt(self) -> int:
        """How many changes may or may not have been made."""
        return sum(e.in_doubt for e in self.entries) + sum(not e.acknowledged for e in self.shared)


def fields_of(text: str) -> dict[str, str]:
    """Return what is typed for a text: every field follows from it, so that halves are seen."""
    start, end = span_of(text)
    return {
        "title": text,
        "start": f"{start:%Y-%m-%dT%H:%M}",
        "end": f"{end:%Y-%m-%dT%H:%M}",
        "location": f"Where {text} is",
        "description": description_of(text),
    }


def span_of(text: str) -> tuple[datetime, datetime]:
    """Return when the appointment of a text is."""
    number = crc32(text.encode())
    start = FIRST_START + timedelta(minutes=5 * (number % 100_000))
    return start, start + timedelta(minutes=5 * (1 + number % 700))


def description_of(text: str) -> str:
    """Return the description for a text: from nothing to several pages of the database."""
    return " ".join([f"All about {text}."] * (crc32(text.encode()) % 4 * 150))


def row_of(text: str) -> dict[str, Any]:
    """Return what the columns of a whole row hold, of an appointment with this text."""
    start, end = span_of(text)
    typed = fields_of(text)
    return {
        "title": text,
        "location": typed["location"],
        "description": typed["description"],
        "search_text": f"{text}\n{typed['location']}\n{typed['description']}".lower(),
        "starts_at": start,
        "ends_at": end,
        "zone": ZONE,
        "all_day": False,
        "first_day": None,
        "last_day": None,
        "is_long": end - start > timedelta(days=2),
    }


def differences(
    journals: Iterable[Journal],
    rows: Iterable[dict[str, Any]],
    shared: dict[str, str],
    versions: dict[str, int],
) -> Iterator[str]:
    """Yield, in words, where a book and the journals do not agree.

    `rows` are all appointments, with their owner's name as `owner`; `shared` names by its owner
    the appointment that the owner's clients all edit; `versions` are the owners' calendars'.
    """
    journals = list(journals)
    left = {row["public_id"]: row for row in rows}
    for row in left.values():
        yield from _half_written(row)
    for owner, public_id in shared.items():
        edits = [edit for each in journals if each.owner == owner for edit in each.shared]
        yield from _shared_differences(edits, left.pop(public_id))
    by_text = {row["title"]: row for row in left.values()}
    for journal in journals:
        for entry in journal.entries:
            texts = [by_text.get(text) for text in entry.texts()]
            found = left.get(entry.public_id or "") or next(filter(None, texts), None)
            yield from _entry_differences(entry, found, journal.owner)
            if found is not None:
                left.pop(found["public_id"], None)
    for row in left.values():
        yield f"nobody sent this: {row['owner']}'s {row['title']!r}"
    for owner, version in versions.items():
        own = [each for each in journals if each.owner == owner]
        least = sum(each.acknowledged for each in own)
        most = least + sum(each.in_doubt for each in own)
        # Version 1 was the empty calendar, version 2 had the shared appointment in it.
        if not least <= version - 2 <= most:
            yield f"{owner}'s calendar saw {version - 2} changes, not {least} to {most}"


def _half_written(row: dict[str, Any]) -> Iterator[str]:
    for name, value in row_of(row["title"]).items():
        if row[name] != value:
            yield f"{row['title']!r} is not whole: {name} is {row[name]!r:.100}"


def _entry_differences(entry: Entry, row: dict[str, Any] | None, owner: str) -> Iterator[str]:
    found = ABSENT if row is None else State(row["title"], row["deleted_at"] is not None)
    if found not in entry.may_be:
        yield f"{found} is in the book, and should be of {sorted(map(str, entry.may_be))}"
    if row is None:
        return
    if row["owner"] != owner:
        yield f"{row['title']!r} is {row['owner']}'s, not {owner}'s"
    # A new appointment has version 1, and each change adds one.
    if not entry.acknowledged <= row["version"] <= entry.acknowledged + entry.in_doubt:
        yield (
            f"{row['title']!r} has version {row['version']}, after {entry.acknowledged} changes"
            f" and {entry.in_doubt} in doubt"
        )


def _shared_differences(edits: list[SharedEdit], row: dict[str, Any]) -> Iterator[str]:
    for seen in range(1, max([row["version"], *(edit.seen for edit in edits)]) + 1):
        writers = [edit for edit in edits if edit.seen == seen]
        winners = [edit for edit in writers if edit.acknowledged]
        if len(winners) > 1:
            yield f"{len(winners)} edits of version {seen} were acknowledged"
        if seen >= row["version"] and winners:
            yield f"{winners[0]} is lost: version {row['version']} is in the book"
        if seen < row["version"] and not writers:
            yield f"nobody wrote version {seen + 1} of {row['title']!r}"
        last_texts = [edit.text for edit in winners or writers]
        if seen == row["version"] - 1 and row["title"] not in last_texts:
            yield f"{row['title']!r} is in the book, and should be of {last_texts}"
