"""The arithmetic and the reading of the measuring; nothing here is timed."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from benchmarks.book import Book
from benchmarks.browser import WrongAnswer, fields_of
from benchmarks.figures import (
    Group,
    Load,
    Range,
    Run,
    Sample,
    UnreadableMeasurement,
    brief,
    groups_from,
    load_in,
    percentile,
    range_of,
    ratios,
    ratios_to,
    to_json,
)
from benchmarks.goals import GOALS, PORT, goal_rows
from benchmarks.load import Asked, Writer, lua, reading_script, writing_script
from benchmarks.run import BEGIN, END, write_document

from benchmarks import book as books

SAID = """\
Running 1s test @ http://127.0.0.1:8000
  1 threads and 16 connections
Requests/sec:   2000.00
MEASURED {"requests": 3000, "microseconds": 1500000, "p50": 2500, "p99": 9000,\
 "refused": 2, "broken": 1, "bytes": 6000, "counts": {"created": 7}}
"""


def sample(rate: float, **other: float) -> Sample:
    measures = {"p50_ms": 1.0, "p99_ms": 2.0, "cpu_ms": 0.1, "memory_mb": 40.0, **other}
    return Sample(rate=rate, requests=100, failed=0, **measures)  # type: ignore[arg-type]


def fifty(**rates: list[float]) -> Group:
    group = Group("agenda", "50 of one's own", "sqlite")
    for name, values in rates.items():
        label = name.replace("_", ", ")
        group.runs.append(Run(label.partition(",")[0], label, [sample(v) for v in values]))
    return group


def test_what_wrk_printed_is_read() -> None:
    load = load_in(SAID)

    assert load == Load(3000, 1.5, 2.5, 9.0, 2, 1, 6000, {"created": 7})
    assert load.rate == 2000


def test_wrk_without_a_measurement_is_an_error() -> None:
    with pytest.raises(UnreadableMeasurement):
        load_in("unable to connect to 127.0.0.1:8000 Connection refused")


def test_nothing_in_no_time_is_no_rate() -> None:
    assert Load(0, 0.0, 0, 0, 0, 0, 0).rate == 0


def test_a_range_has_the_middle_and_both_ends() -> None:
    assert range_of([3.0, 1.0, 2.0]) == Range(2.0, 1.0, 3.0)
    assert range_of([4.0, 2.0]) == Range(3.0, 2.0, 4.0)
    assert range_of([]) is None


def test_ratios_pair_what_was_measured_in_the_same_repeat() -> None:
    assert ratios([2.0, 9.0], [4.0, 3.0]) == [0.5, 3.0]
    assert ratios([1.0, 1.0, 1.0], [0.0, 2.0]) == [0.5]


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1), (50, 5), (90, 9), (99, 10), (100, 10), (91, 10)]
)
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.30451, "0.305"),
        (1.1, "1.10"),
        (20, "20.0"),
        (4262.4, "4,262"),
        (0.001, "0.0010"),
    ],
)
def test_numbers_are_written_briefly(value: float, text: str) -> None:
    assert brief(value) == text


def test_a_run_is_compared_with_another_of_its_group() -> None:
    group = fifty(hello=[1000, 2000], port=[10, 40])

    assert ratios_to(group, group.runs[1], "hello") == [0.01, 0.02]
    assert ratios_to(group, group.runs[0], "hello") == []
    assert ratios_to(group, group.runs[0], "sched") == []


def test_groups_come_back_from_json() -> None:
    groups = [fifty(hello=[1000], sched_kept=[500])]

    assert groups_from(json.loads(json.dumps(to_json(groups)))) == groups


def rows_of(group: Group) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in goal_rows([group])}


def test_a_goal_is_reached_from_its_bound_on() -> None:
    name = GOALS[0].what

    at = rows_of(fifty(hello=[1000, 1000, 1000], sched_changed=[300, 400, 200]))
    below = rows_of(fifty(hello=[1000, 1000, 1000], sched_changed=[299, 400, 200]))

    assert at[name] == ["≥ 0.300", "0.300 (0.200–0.400)", "reached", "–"]
    assert below[name][2] == "**short**"


def test_a_goal_that_is_a_limit_is_reached_up_to_it() -> None:
    group = Group("write", "16 connections", "sqlite")
    group.runs.append(Run("sched", "sched", [sample(100, p50_ms=10.0, p99_ms=200.0)]))
    assert rows_of(group)["the same; p99 / p50"][2] == "reached"

    group.runs[0].samples[0] = sample(100, p50_ms=10.0, p99_ms=201.0)
    assert rows_of(group)["the same; p99 / p50"][2] == "**short**"


def test_what_was_not_measured_is_neither_reached_nor_short() -> None:
    assert {row[3] for row in goal_rows([])} == {"–"}


def test_growth_compares_two_groups() -> None:
    small = fifty(sched_changed=[1000, 900])
    large = Group("agenda", "10,000 of one's own", "sqlite")
    large.runs.append(Run("sched", "sched, changed", [sample(500), sample(900)]))

    row = next(r for r in goal_rows([small, large]) if r[0].startswith("50 → 10,000"))

    assert row[2:4] == ["1.50 (1.00–2.00)", "**short**"]


def test_the_port_is_shown_beside_goals_that_exist() -> None:
    assert set(PORT) <= {goal.what for goal in GOALS}


def test_lua_quotes_what_would_end_its_texts() -> None:
    assert lua('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'
    assert lua({"x": ["1", "2"]}) == '{["x"] = {"1", "2"}}'
    with pytest.raises(TypeError):
        lua(3.5)


def test_scripts_hold_what_is_sent() -> None:
    reading = reading_script([Asked("/appointments/", {"If-None-Match": '"v1"'})])
    writer = Writer({"Cookie": "a=b"}, {"start": "2031-03-01T09:00"}, {"version": "1"})
    writing = writing_script([writer], "w1-")

    assert r'["If-None-Match"] = "\"v1\""' in reading
    assert '["create"] = "start=2031-03-01T09%3A00"' in writing
    assert 'prefix = "w1-"' in writing


def test_the_fields_of_a_form_are_those_a_browser_would_send() -> None:
    page = """
    <form><input name="q"></form>
    <form method="post">
      <input type="hidden" name="csrf_token" value="t&amp;1"><input name="title" value="Yoga">
      <input type="checkbox" name="allday"><input type="checkbox" name="stay" checked value="y">
      <textarea name="description"></textarea><button name="go">Save</button>
    </form>"""

    assert fields_of(page, having="title") == {
        "csrf_token": "t&1",
        "title": "Yoga",
        "stay": "y",
        "description": "",
    }
    with pytest.raises(WrongAnswer):
        fields_of(page, having="password")


@pytest.mark.parametrize("own", [10, 50, 51, 1000])
def test_everybody_has_as_many_ahead_as_an_agenda_shows(own: int) -> None:
    now = datetime(2031, 3, 1, 22, 59, tzinfo=books.ZONE)
    book = Book(people=20, own=own)

    assert len(books.entries(book, now)) == own
    assert len(books.ahead(book, now)) == min(own, books.SHOWN)
    assert all(entry.end > entry.start for entry in books.entries(book, now))
    assert book.total == 20 * own


def test_the_document_keeps_its_words_when_figures_are_renewed(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Performance\n\nBefore.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    on = dict.fromkeys(
        [
            "processor",
            "processors",
            "python",
            "granian",
            "flask",
            "sqlalchemy",
            "sqlite",
            "fsync_ms",
        ],
        "1",
    )
    result = {
        "measured_at": "2031-03-01T09:00:00+00:00",
        "machine": on,
        "disk": "on disk",
        **dict.fromkeys(["repeats", "seconds", "connections", "threads", "minutes"], 1),
        "groups": to_json([fifty(hello=[1000], sched_kept=[600])]),
    }

    write_document(document, result)
    write_document(document, result)

    text = document.read_text()
    assert text.startswith("# Performance\n\nBefore.\n\n")
    assert text.endswith(f"{END}\n\nAfter.\n")
    assert "old" not in text
    assert text.count("| the same, nothing changed, another browser; of hello | ≥ 0.500 |") == 1
