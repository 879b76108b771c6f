"""The arithmetic of measuring: what wrk said, ratios, and tables. Nothing here measures."""

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

MEASURED = "MEASURED "


class UnreadableMeasurement(Exception):
    """What wrk printed holds no measurement."""


@dataclass(frozen=True)
class Load:
    """What one run of wrk measured, from the client's side."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int
    bytes_read: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds if self.seconds else 0.0


def load_in(output: str) -> Load:
    """Read the line that our scripts let wrk print at its end.

    Raises:
        UnreadableMeasurement: if there is no such line.
    """
    for line in output.splitlines():
        if line.startswith(MEASURED):
            said = json.loads(line.removeprefix(MEASURED))
            return Load(
                requests=said["requests"],
                seconds=said["microseconds"] / 1e6,
                p50_ms=said["p50"] / 1000,
                p99_ms=said["p99"] / 1000,
                refused=said["refused"],
                broken=said["broken"],
                bytes_read=said["bytes"],
                counts=said.get("counts", {}),
            )
    raise UnreadableMeasurement(f"wrk printed no measurement:\n{output}")


@dataclass(frozen=True)
class Sample:
    """One contender measured once. `failed` counts answers from 400 on and broken connections."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    memory_mb: float
    requests: int
    failed: int
    database_cpu_ms: float | None = None
    notes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Range:
    """The middle of several values, with the least and the greatest of them."""

    median: float
    minimum: float
    maximum: float

    def __str__(self) -> str:
        if self.minimum == self.maximum:
            return brief(self.median)
        return f"{brief(self.median)} ({brief(self.minimum)}–{brief(self.maximum)})"


def range_of(values: Iterable[float]) -> Range | None:
    """Return the range of some values, or None where there is none."""
    found = sorted(values)
    if not found:
        return None
    return Range(statistics.median(found), found[0], found[-1])


def ratios(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """Divide what was measured in the same repeat by each other.

    Pairs whose divisor is nothing are left out.
    """
    return [ours / theirs for ours, theirs in zip(of, to, strict=False) if theirs]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent do not exceed (nearest rank).

    Raises:
        ValueError: if there are no values.
    """
    if not values:
        raise ValueError("no values")
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def brief(value: float) -> str:
    """Write a number with three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{min(digits, 4)}f}"


@dataclass
class Run:
    """What was measured of one contender in one group, repeat by repeat."""

    contender: str
    label: str
    samples: list[Sample] = field(default_factory=list)

    def column(self, name: str) -> list[float]:
        """Return one measure of every repeat."""
        return [getattr(sample, name) for sample in self.samples]

    def noted(self, name: str) -> list[float]:
        """Return what was noted of the repeats under a name."""
        return [sample.notes[name] for sample in self.samples if name in sample.notes]


@dataclass
class Group:
    """Runs that are compared with each other, measured in turn."""

    part: str
    variant: str
    database: str
    runs: list[Run] = field(default_factory=list)

    def run(self, label: str) -> Run | None:
        """Return the run with this label."""
        return next((run for run in self.runs if run.label == label), None)


def group_named(groups: Iterable[Group], part: str, variant: str, database: str) -> Group | None:
    """Return the group of a part, or None when it was not measured."""
    wanted = (part, variant, database)
    return next((g for g in groups if (g.part, g.variant, g.database) == wanted), None)


def table_rows(group: Group) -> list[list[str]]:
    """Return the rows of a group's table: measures and ratios, middle (least–greatest)."""
    rows = []
    for run in group.runs:
        memory = range_of(run.column("memory_mb"))
        rows.append(
            [
                group.part,
                group.variant,
                group.database,
                run.label,
                shown(run.column("rate")),
                shown(ratios_to(group, run, "hello")),
                shown(ratios_to(group, run, "port")),
                shown(run.column("p50_ms")),
                shown(run.column("p99_ms")),
                shown(run.column("cpu_ms")),
                shown(ratios_by_cpu(group, run, "hello")),
                brief(memory.maximum) if memory else "–",
                f"{sum(run.column('failed')):.0f}",
                shown(run.noted("others")),
            ]
        )
    return rows


TABLE_HEAD = [
    "part",
    "variant",
    "database",
    "of",
    "per second",
    "× hello",
    "× port",
    "p50 ms",
    "p99 ms",
    "CPU ms",
    "× hello by CPU",
    "MB",
    "failed",
    "others",
]


def ratios_to(group: Group, run: Run, label: str) -> list[float]:
    """Return the rates of a run divided by those of another in the same group and repeat."""
    other = group.run(label)
    if other is None or other is run:
        return []
    return ratios(run.column("rate"), other.column("rate"))


def ratios_by_cpu(group: Group, run: Run, label: str) -> list[float]:
    """Return what the rates' ratios would be if both used all the processor time they get.

    Other programs on the machine blur these less than the rates.
    """
    other = group.run(label)
    if other is None or other is run or not any(run.column("rate")):
        return []
    return ratios(other.column("cpu_ms"), run.column("cpu_ms"))


def shown(values: Iterable[float]) -> str:
    """Say a range of values, or a dash."""
    found = range_of(values)
    return str(found) if found and found.maximum else "–"


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a table out for a terminal."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a table out for a document."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def to_json(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """Turn groups into what `groups_from` reads."""
    return [asdict(group) for group in groups]


def groups_from(said: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Read groups as they stand in a JSON file."""
    return [
        Group(
            part=group["part"],
            variant=group["variant"],
            database=group["database"],
            runs=[
                Run(
                    contender=run["contender"],
                    label=run["label"],
                    samples=[Sample(**sample) for sample in run["samples"]],
                )
                for run in group["runs"]
            ],
        )
        for group in said
    ]
