"""The one command: start everything side by side, measure, say what came out."""

import argparse
import contextlib
import json
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.browser import WrongAnswer
from benchmarks.figures import (
    TABLE_HEAD,
    Group,
    aligned,
    groups_from,
    markdown,
    table_rows,
    to_json,
)
from benchmarks.goals import GOALS_HEAD, goal_rows
from benchmarks.parts import ON_BOTH, PARTS, Options
from benchmarks.postgres import Cluster, NoPostgreSQL, cluster

DOCUMENT = machine.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def parser() -> argparse.ArgumentParser:
    """Return what reads the command's options."""
    reads = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure sched beside a bare Flask view and a plain port of the 2013 program.",
    )
    add = reads.add_argument
    add("--parts", default=",".join(PARTS), help="which ones, with commas (default: %(default)s)")
    add("--contenders", default="port,sched", help="what is compared (default: %(default)s)")
    add("--repeats", type=int, default=5, help="how often each is measured (%(default)s)")
    add("--seconds", type=int, default=4, help="how long each time (%(default)s)")
    add("--connections", type=int, default=16, help="at once, for pages (%(default)s)")
    add(
        "--database",
        choices=["sqlite", "postgresql"],
        help="one only (default: SQLite; writing on both)",
    )
    add("--quick", action="store_true", help="small numbers: shows that it works, no more")
    add(
        "--patience",
        type=int,
        default=0,
        help="wait for a calm machine, and measure again so often when it was not (%(default)s)",
    )
    add("--json", type=Path, help="write everything measured into this file")
    add("--from-json", type=Path, help="measure nothing, take what was written before")
    add("--write-docs", action="store_true", help=f"renew the figures in {DOCUMENT.name}")
    add(
        "--directory",
        type=Path,
        default=Path("/var/tmp"),
        help="where databases are made, and removed again; on a disk (default: %(default)s)",
    )
    return reads


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    said = parser().parse_args(arguments)
    try:
        result = json.loads(said.from_json.read_text()) if said.from_json else measure(said)
    except KeyboardInterrupt:
        print("Stopped; everything that was started is stopped too.", file=sys.stderr)
        return 130
    except (WrongAnswer, machine.NotStarted, NoPostgreSQL) as wrong:
        print(f"{type(wrong).__name__}: {wrong}", file=sys.stderr)
        return 1
    groups = groups_from(result["groups"])
    print(aligned(TABLE_HEAD, [row for group in groups for row in table_rows(group)]))
    print()
    print(aligned(GOALS_HEAD, goal_rows(groups)))
    if said.json:
        said.json.write_text(json.dumps(result, indent=1) + "\n")
    if said.write_docs:
        write_document(DOCUMENT, result)
    return 0


def measure(said: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for.

    Raises:
        NotStarted: if a tool is missing or a server does not come up.
        WrongAnswer: if a server's answers are not what they should be.
    """
    if missing := machine.missing_tools():
        raise machine.NotStarted(f"not installed: {', '.join(missing)}")
    names = said.parts.split(",")
    if unknown := set(names) - set(PARTS):
        raise machine.NotStarted(f"there is no part {', '.join(sorted(unknown))}")
    contenders = said.contenders.split(",")
    with contextlib.ExitStack() as stack:
        stack.enter_context(interrupted_by_termination())
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="sched-", dir=said.directory))
        )
        started: list[Cluster] = []

        def one_cluster() -> Cluster:
            if not started:
                started.append(stack.enter_context(cluster(directory)))
            return started[0]

        options = Options(
            directory=directory,
            say=lambda line: print(line, file=sys.stderr, flush=True),
            cluster=one_cluster,
            contenders=contenders,
            repeats=said.repeats,
            seconds=said.seconds,
            connections=said.connections,
            threads=threads_of(contenders),
            patience=said.patience,
            # The cluster is nobody's child: pg_ctl has left it alone.
            started_cpu=lambda: sum(each.cpu() for each in started),
        )
        if said.quick:
            make_quick(options)
        result = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine.described()
            | {"sqlite": sqlite3.sqlite_version, "fsync_ms": f"{machine.fsync_ms(directory):.2f}"},
            "disk": "in memory only" if machine.keeps_in_memory(directory) else "on disk",
            "repeats": options.repeats,
            "seconds": options.seconds,
            "connections": options.connections,
            "threads": options.threads,
        }
        groups: list[Group] = []
        began = time.monotonic()
        for name in names:
            for database in databases_of(name, said.database):
                groups += PARTS[name](options, database)
        result["minutes"] = round((time.monotonic() - began) / 60, 1)
        return {**result, "groups": to_json(groups)}


def databases_of(part: str, wanted: str | None) -> list[str]:
    """Return the databases that a part is measured on."""
    if wanted:
        return [wanted]
    return ["sqlite", "postgresql"] if part in ON_BOTH else ["sqlite"]


def threads_of(contenders: Sequence[str]) -> int:
    """Return with how many threads everybody answers: as many as sched does by itself."""
    if "sched" not in contenders:
        return 4
    from benchmarks.fill_sched import threads_by_default  # noqa: PLC0415

    return threads_by_default()


def make_quick(options: Options) -> None:
    """Make everything small enough for two minutes."""
    options.repeats = 1
    options.seconds = 1
    options.own = (50,)
    options.totals = (1000, 10_000)
    options.writing = (4,)
    options.sign_ins = 3
    options.people = 4


@contextlib.contextmanager
def interrupted_by_termination() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this as Ctrl-C does: with everything stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_document(document: Path, result: dict[str, Any]) -> None:
    """Put the figures between the marks in the document."""
    text = document.read_text() if document.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    document.parent.mkdir(exist_ok=True)
    document.write_text(f"{head}{BEGIN}\n{figures_text(result)}\n{END}{tail}")


def figures_text(result: dict[str, Any]) -> str:
    """Say all that was measured, as Markdown."""
    groups = groups_from(result["groups"])
    on = result["machine"]
    conditions = (
        f"Measured {result['measured_at'][:10]}: {on['processor']}, {on['processors']}"
        f" processors; Python {on['python']}, Granian {on['granian']} with one process of"
        f" {result['threads']} threads, Flask {on['flask']}, SQLAlchemy {on['sqlalchemy']}, SQLite"
        f" {on['sqlite']}; databases {result['disk']}, {on['fsync_ms']} ms for a durable write of"
        f" 4 KiB. {result['repeats']} repeats of {result['seconds']} s in turn, in"
        f" {result['minutes']} minutes; pages with {result['connections']} connections."
    )
    legend = (
        "Each cell is the median of the repeats with the least and the greatest in brackets. CPU"
        " is the server's, per answer; MB its memory (PSS of all its processes), the most seen;"
        " “by CPU” what the ratio would be by that time alone;"
        " others the processors that other programs on the machine used meanwhile."
    )
    paragraphs = [
        "## The goals",
        markdown(GOALS_HEAD, goal_rows(groups)),
        "## All figures",
        conditions,
        legend,
    ]
    for part in dict.fromkeys(group.part for group in groups):
        rows = [row[1:] for group in groups if group.part == part for row in table_rows(group)]
        paragraphs += [f"### {part.capitalize()}", markdown(TABLE_HEAD[1:], rows)]
    return "\n\n".join(paragraphs)
