"""The goals of the design, and what was measured beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import Group, Range, brief, group_named, range_of, ratios

Values = Callable[[Sequence[Group]], list[float]]


@dataclass(frozen=True)
class Goal:
    """One line of the table of goals: what it is about, and how far the values may go."""

    what: str
    bound: float
    values: Values
    at_least: bool = False
    unit: str = ""

    @property
    def text(self) -> str:
        """Say the goal."""
        return f"{'≥' if self.at_least else '≤'} {brief(self.bound)}{self.unit}"

    def is_reached(self, found: Range) -> bool:
        """Say whether the middle of what was measured is good enough."""
        if self.at_least:
            return found.median >= self.bound
        return found.median <= self.bound


def against(
    part: str,
    variant: str,
    label: str,
    other: str,
    measure: str = "rate",
    database: str = "sqlite",
) -> Values:
    """Return what divides one run's measure by another's in the same group."""

    def values(groups: Sequence[Group]) -> list[float]:
        group = group_named(groups, part, variant, database)
        ours = group.run(label) if group else None
        theirs = group.run(other) if group else None
        if ours is None or theirs is None:
            return []
        return ratios(ours.column(measure), theirs.column(measure))

    return values


def slower(part: str, small: str, large: str, label: str) -> Values:
    """Return how many times slower the large variant is than the small one."""

    def values(groups: Sequence[Group]) -> list[float]:
        found = [group_named(groups, part, name, "sqlite") for name in (small, large)]
        runs = [group.run(label) for group in found if group]
        if len(runs) < 2 or runs[0] is None or runs[1] is None:
            return []
        return ratios(runs[0].column("rate"), runs[1].column("rate"))

    return values


def measured(part: str, variant: str, label: str, of: Callable[[Group], list[float]]) -> Values:
    """Return what is computed from one group, if it holds the run."""

    def values(groups: Sequence[Group]) -> list[float]:
        group = group_named(groups, part, variant, "sqlite")
        return of(group) if group and group.run(label) else []

    return values


def column(label: str, name: str, divided_by: float = 1) -> Callable[[Group], list[float]]:
    """Return a measure of one run of a group."""

    def values(group: Group) -> list[float]:
        run = group.run(label)
        return [value / divided_by for value in run.column(name)] if run else []

    return values


def tail(label: str) -> Callable[[Group], list[float]]:
    """Return how far the slowest hundredth of a run is from its middle."""

    def values(group: Group) -> list[float]:
        run = group.run(label)
        return ratios(run.column("p99_ms"), run.column("p50_ms")) if run else []

    return values


WRITES = ("write", "16 connections")
FIFTY = ("agenda", "50 of one's own")

GOALS = [
    Goal(
        "agenda, 50 shown, something changed since; of hello",
        0.30,
        against(*FIFTY, "sched, changed", "hello"),
        at_least=True,
    ),
    Goal(
        "the same, nothing changed, another browser; of hello",
        0.50,
        against(*FIFTY, "sched, kept", "hello"),
        at_least=True,
    ),
    Goal(
        "the same, unchanged since last time (304); of hello",
        0.60,
        against(*FIFTY, "sched, 304", "hello"),
        at_least=True,
    ),
    Goal(
        "1,000 → 1,000,000 appointments in the table; times slower",
        1.1,
        slower("table", "1,000 in all", "1,000,000 in all", "sched, changed"),
    ),
    Goal(
        "50 → 10,000 appointments of one's own; times slower",
        1.2,
        slower("agenda", "50 of one's own", "10,000 of one's own", "sched, changed"),
    ),
    Goal(
        "create, edit, delete; 16 connections, SQLite; of hello",
        0.20,
        against(*WRITES, "sched", "hello"),
        at_least=True,
    ),
    Goal("the same; p99 / p50", 20, measured(*WRITES, "sched", tail("sched"))),
    Goal("the same; failed", 0, measured(*WRITES, "sched", column("sched", "failed"))),
    Goal(
        "sign-in; times one Argon2 hash",
        1.15,
        against("sign-in", "one after the other", "sched", "one hash", "p50_ms"),
    ),
    Goal(
        "pages while two people sign in; of their rate otherwise",
        0.6,
        against("sign-in", "pages meanwhile", "sched, meanwhile", "sched"),
        at_least=True,
    ),
    Goal(
        "start to first answer",
        1.5,
        measured("start", "with appointments", "sched", column("sched", "p50_ms", 1000)),
        unit=" s",
    ),
    Goal(
        "memory, after the agendas were asked for",
        100,
        measured(*FIFTY, "sched, kept", column("sched, kept", "memory_mb")),
        unit=" MB",
    ),
]

PORT: dict[str, Values] = {
    GOALS[0].what: against(*FIFTY, "port", "hello"),
    GOALS[3].what: slower("table", "1,000 in all", "1,000,000 in all", "port"),
    GOALS[4].what: slower("agenda", "50 of one's own", "10,000 of one's own", "port"),
    GOALS[5].what: against(*WRITES, "port", "hello"),
    GOALS[6].what: measured(*WRITES, "port", tail("port")),
    GOALS[7].what: measured(*WRITES, "port", column("port", "failed")),
    GOALS[8].what: against("sign-in", "one after the other", "port", "one hash", "p50_ms"),
    GOALS[9].what: against("sign-in", "pages meanwhile", "port, meanwhile", "port"),
    GOALS[10].what: measured("start", "with appointments", "port", column("port", "p50_ms", 1000)),
    GOALS[11].what: measured(*FIFTY, "port", column("port", "memory_mb")),
}

GOALS_HEAD = ["what", "goal", "measured: median (min–max)", "", "the port of 2013"]


def goal_rows(groups: Sequence[Group]) -> list[list[str]]:
    """Return the rows of the table of goals; what was not measured has a dash."""
    rows = []
    for goal in GOALS:
        found = range_of(goal.values(groups))
        port = range_of(PORT[goal.what](groups)) if goal.what in PORT else None
        verdict = "–" if found is None else "reached" if goal.is_reached(found) else "**short**"
        rows.append([goal.what, goal.text, str(found or "–"), verdict, str(port) if port else "–"])
    return rows
