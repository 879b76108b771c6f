"""The parts of the measuring. In each, everything runs side by side and is measured in turn."""

import contextlib
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from benchmarks.book import PASSWORD, Book, email_of, plain
from benchmarks.browser import Browser, WrongAnswer, fields_of
from benchmarks.contenders import (
    AGENDA,
    Place,
    Program,
    Stage,
    hash_once,
    hello,
    on_stage,
    program_named,
    running,
)
from benchmarks.figures import Group, Run, Sample, percentile
from benchmarks.load import Asked, drive, reading_script, writing_script
from benchmarks.machine import Elsewhere, Server, inherited, wait_until_calm
from benchmarks.postgres import Cluster

# So many have appointments at least, and so many are signed in.
PEOPLE = 20
CHANGE_EVERY_SECONDS = 0.004
SLOW_MS = 250
LONGEST_SECONDS = 40
CALM = 0.25


@dataclass
class Options:
    """How much is measured."""

    directory: Path
    say: Callable[[str], None]
    cluster: Callable[[], Cluster]
    contenders: Sequence[str] = ("port", "sched")
    repeats: int = 5
    seconds: int = 4
    connections: int = 16
    threads: int = 4
    own: Sequence[int] = (10, 50, 1000, 10_000)
    totals: Sequence[int] = (1000, 100_000, 1_000_000)
    writing: Sequence[int] = (1, 4, 16)
    sign_ins: int = 10
    people: int = PEOPLE
    patience: int = 0
    started_cpu: Callable[[], float] = lambda: 0.0
    places: Iterator[int] = field(default_factory=itertools.count)

    def programs(self) -> list[Program]:
        """Return what is compared with the bare view."""
        return [program_named(name) for name in self.contenders]

    def place(self, program: Program, database: str) -> Place:
        """Return an empty place for a program."""
        directory = self.directory / f"{program.name}-{next(self.places)}"
        directory.mkdir()
        if database == "postgresql":
            return Place(directory, self.cluster().new_database())
        return Place(directory, f"sqlite:///{directory / 'sched.db'}")


Take = tuple[str, str, Callable[[], Sample]]


@dataclass
class Step:
    """One thing to measure, and where its samples go."""

    run: Run
    take: Callable[[], Sample]


def in_turn(options: Options, groups: Sequence[tuple[Group, Sequence[Step]]]) -> list[Group]:
    """Measure A B C, A B C, … so that what the machine does meanwhile meets all of them."""
    for repeat in range(1, options.repeats + 1):
        for group, steps in groups:
            for step in steps:
                sample = taken_calmly(options, step)
                step.run.samples.append(sample)
                options.say(
                    f"{repeat}/{options.repeats} {group.part}, {group.variant},"
                    f" {group.database}: {step.run.label}: {sample.rate:,.0f}/s,"
                    f" p50 {sample.p50_ms:.1f} ms, p99 {sample.p99_ms:.1f} ms,"
                    f" CPU {sample.cpu_ms:.2f} ms, {sample.memory_mb:.0f} MB"
                    + (f", {sample.failed} failed" if sample.failed else "")
                )
    return [group for group, _ in groups]


def taken_calmly(options: Options, step: Step) -> Sample:
    """Measure, and note how much of the machine others used meanwhile.

    Others know nothing of what comes out, so taking a sample again because of them is fair.
    """
    for left in reversed(range(1 + options.patience)):
        if options.patience:
            wait_until_calm(options.started_cpu, below=CALM, at_most_seconds=60)
        elsewhere = Elsewhere(options.started_cpu)
        sample = step.take()
        others = elsewhere.processors()
        if others < CALM or not left:
            break
        options.say(f"  others used {others:.1f} processors; measured again")
    return replace(sample, notes={**sample.notes, "others": others})


def with_steps(group: Group, *takes: Take) -> tuple[Group, list[Step]]:
    """Pair a group with what has to be done for it."""
    steps = [Step(Run(contender, label), take) for contender, label, take in takes]
    group.runs.extend(step.run for step in steps)
    return group, steps


def load_on(
    server: Server,
    script: str,
    *,
    connections: int,
    seconds: int,
    threads: int = 1,
    cluster: Cluster | None = None,
) -> Sample:
    """Drive a server and return what it did and what that cost."""
    cpu = server.cpu()
    database_cpu = cluster.cpu() if cluster else 0.0
    load = drive(server.address, script, connections=connections, threads=threads, seconds=seconds)
    memory = server.memory()
    server.settle()
    done = max(load.requests, 1)
    return Sample(
        rate=load.rate,
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
        cpu_ms=(server.cpu() - cpu) * 1000 / done,
        memory_mb=memory,
        requests=load.requests,
        failed=load.refused + load.broken,
        database_cpu_ms=(cluster.cpu() - database_cpu) * 1000 / done if cluster else None,
        notes={**load.counts, "bytes_each": load.bytes_read / done},
    )


def hello_sample(options: Options, server: Server, connections: int | None = None) -> Sample:
    return load_on(
        server,
        reading_script([Asked("/", {})]),
        connections=connections or options.connections,
        seconds=options.seconds,
    )


def cluster_of(options: Options, stage: Stage) -> Cluster | None:
    return options.cluster() if stage.place.database.startswith("postgresql") else None


def agenda_sample(options: Options, stage: Stage) -> Sample:
    """Ask for everybody's agenda in turn, as different browsers do; nothing changes."""
    started = time.perf_counter()
    for browser in stage.browsers[:4]:
        browser.get(AGENDA)
    each_ms = (time.perf_counter() - started) * 1000 / len(stage.browsers[:4])
    connections, seconds = options.connections, options.seconds
    if each_ms > SLOW_MS:
        # As many answers as will do for a figure, without hours of waiting.
        connections = 2
        seconds = min(LONGEST_SECONDS, max(seconds, int(8 * each_ms / 1000) + 1))
    sample = load_on(
        stage.server,
        reading_script(stage.agenda()),
        connections=connections,
        seconds=seconds,
        cluster=cluster_of(options, stage),
    )
    stage.check_agenda()
    return sample


def changed_sample(options: Options, stage: Stage) -> Sample:
    """Ask for everybody's agenda in turn while something in each of them changes in between.

    Raises:
        WrongAnswer: if a page does not show the last change.
    """
    with changing(stage) as changes:
        sample = agenda_sample(options, stage)
    for person, browser in enumerate(stage.browsers, start=1):
        if f"Changed {changes.rounds} of person {person}" not in browser.get(AGENDA).text:
            raise WrongAnswer(f"{stage.program.name}: the agenda of {person} is out of date")
    rounds = changes.rounds / changes.seconds
    visits = sample.rate / len(stage.browsers)
    return replace(sample, notes={**sample.notes, "changes_per_visit": rounds / max(visits, 1)})


@dataclass
class Changes:
    """How many changes there were, and in how many seconds."""

    rounds: int = 0
    seconds: float = 1.0


@contextlib.contextmanager
def changing(stage: Stage) -> Iterator[Changes]:
    """Let another process change what each person sees first, more often than we look."""
    changes = Changes()
    order = {
        "address": plain(stage.place.database),
        "statements": stage.program.one_change(stage.book, len(stage.browsers), stage.now),
        "every_seconds": CHANGE_EVERY_SECONDS,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.change_steadily"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=inherited(),
        start_new_session=True,
    )
    started = time.monotonic()
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        time.sleep(0.5)
        yield changes
        process.terminate()
        out, _ = process.communicate(timeout=30)
        changes.rounds = int(out)
        changes.seconds = time.monotonic() - started - 0.2
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def not_modified_sample(options: Options, stage: Stage) -> Sample:
    """Ask again for what one has, and be told that it still holds.

    Raises:
        WrongAnswer: if the answers are not 304, or not empty.
    """
    for _ in range(3):
        # What a page says of now holds for a minute, so stay within one.
        left = 60 - time.time() % 60
        if left < options.seconds + 4:
            time.sleep(left + 0.2)
        asked = stage.agenda(etags=True)
        sample = load_on(
            stage.server,
            reading_script(asked),
            connections=options.connections,
            seconds=options.seconds,
            cluster=cluster_of(options, stage),
        )
        statuses = set()
        for browser, each in zip(stage.browsers, asked, strict=True):
            answer = browser.get(each.path, **{"If-None-Match": each.headers["If-None-Match"]})
            statuses.add(answer.status)
            if answer.status == 304 and answer.body:
                raise WrongAnswer("a 304 has a body")
        if statuses == {304} and sample.notes["bytes_each"] < 2000:
            return sample
    raise WrongAnswer(f"{stage.program.name} answers {statuses} to If-None-Match")


def agenda(options: Options, database: str) -> list[Group]:
    """Agendas of people with few and with many appointments of their own."""
    with contextlib.ExitStack() as stack:
        bare = stack.enter_context(hello(options.directory / "hello", threads=options.threads))
        groups = []
        for own in options.own:
            takes: list[Take] = [("hello", "hello", partial(hello_sample, options, bare))]
            for program in options.programs():
                stage = stack.enter_context(
                    on_stage(
                        program,
                        options.place(program, database),
                        Book(PEOPLE, own),
                        threads=options.threads,
                        people=options.people,
                    )
                )
                takes += agenda_takes(options, stage, all_kinds=own == 50)
            groups.append(with_steps(Group("agenda", f"{own:,} of one's own", database), *takes))
        return in_turn(options, groups)


def agenda_takes(options: Options, stage: Stage, *, all_kinds: bool) -> list[Take]:
    """Return the ways in which a program's agenda is asked for."""
    name = stage.program.name
    if not stage.program.says_not_modified:
        return [(name, name, partial(agenda_sample, options, stage))]
    takes: list[Take] = [(name, f"{name}, changed", partial(changed_sample, options, stage))]
    if not all_kinds:
        return takes
    if stage.keeps_for_other_browsers():
        takes.append((name, f"{name}, kept", partial(agenda_sample, options, stage)))
    else:
        options.say(f"{name} keeps no page for another browser; that is not measured")
    takes.append((name, f"{name}, 304", partial(not_modified_sample, options, stage)))
    return takes


def table(options: Options, database: str) -> list[Group]:
    """Agendas of 50 appointments while others have many more in the same table."""
    with contextlib.ExitStack() as stack:
        bare = stack.enter_context(hello(options.directory / "hello", threads=options.threads))
        groups = []
        for total in options.totals:
            takes: list[Take] = [("hello", "hello", partial(hello_sample, options, bare))]
            for program in options.programs():
                stage = stack.enter_context(
                    on_stage(
                        program,
                        options.place(program, database),
                        Book(total // 50, 50),
                        threads=options.threads,
                        people=options.people,
                    )
                )
                takes += agenda_takes(options, stage, all_kinds=False)
            groups.append(with_steps(Group("table", f"{total:,} in all", database), *takes))
        return in_turn(options, groups)


def write(options: Options, database: str) -> list[Group]:
    """Creating, editing and deleting, each connection one after the other without pause."""
    serial = itertools.count()

    def take(stage: Stage, connections: int) -> Sample:
        prefix = f"w{next(serial)}-"
        sample = load_on(
            stage.server,
            writing_script(stage.writers(), prefix),
            connections=connections,
            threads=connections,
            seconds=options.seconds,
            cluster=cluster_of(options, stage),
        )
        counts = sample.notes
        stands = stage.program.titles_like(stage.place, prefix)
        acknowledged = counts["created"] - counts["deleted"]
        # What was on its way when wrk hung up may have been done, without being acknowledged; so
        # may what was refused after all.
        if not abs(stands - acknowledged) <= connections + counts["other"]:
            raise WrongAnswer(f"{stands} stand, {acknowledged} were acknowledged: {counts}")
        broken = sample.failed
        return replace(sample, failed=max(broken, int(counts["other"])))

    with contextlib.ExitStack() as stack:
        bare = stack.enter_context(hello(options.directory / "hello", threads=options.threads))
        stages = []
        for program in options.programs():
            stage = stack.enter_context(
                on_stage(
                    program,
                    options.place(program, database),
                    Book(PEOPLE, 50),
                    threads=options.threads,
                    people=options.people,
                )
            )
            stage.check_writing()
            stages.append(stage)
        groups = []
        for count in options.writing:
            takes: list[Take] = [("hello", "hello", partial(hello_sample, options, bare, count))]
            takes += [(s.program.name, s.program.name, partial(take, s, count)) for s in stages]
            groups.append(with_steps(Group("write", f"{count} connections", database), *takes))
        return in_turn(options, groups)


def sign_in_part(options: Options, database: str) -> list[Group]:
    """Signing in, beside checking one hash; and other people's pages while some sign in."""
    with contextlib.ExitStack() as stack:
        hashing = stack.enter_context(
            hash_once(options.directory / "hash", threads=options.threads)
        )
        stages = [
            stack.enter_context(
                on_stage(
                    program,
                    options.place(program, database),
                    Book(PEOPLE, 50),
                    threads=options.threads,
                    people=options.people,
                )
            )
            for program in options.programs()
        ]
        alone = with_steps(
            Group("sign-in", "one after the other", database),
            ("hash", "one hash", partial(posts_sample, options, hashing, None)),
            *(
                (s.program.name, s.program.name, partial(posts_sample, options, s.server, s))
                for s in stages
            ),
        )
        takes: list[Take] = [
            ("hash", "hello", partial(hello_sample, options, hashing)),
            ("hash", "hello, meanwhile", partial(meanwhile_sample, options, hashing, None)),
        ]
        for s in stages:
            name = s.program.name
            takes += [
                (name, name, partial(agenda_sample, options, s)),
                (name, f"{name}, meanwhile", partial(meanwhile_sample, options, s.server, s)),
            ]
        pages = with_steps(Group("sign-in", "pages meanwhile", database), *takes)
        return in_turn(options, [alone, pages])


def posted_once(server: Server, stage: Stage | None, person: int) -> float | None:
    """Send one password and return how many seconds the answer took; None when refused.

    Getting the form before it is not part of that.
    """
    browser = Browser(server.port)
    try:
        if stage is None:
            started = time.perf_counter()
            answer = browser.ask("POST", "/", fields={"password": PASSWORD})
            right = answer.status == 200
        else:
            fields = fields_of(browser.get("/login/").text, having="username")
            fields |= {"username": email_of(person), "password": PASSWORD}
            started = time.perf_counter()
            answer = browser.ask("POST", "/login/", fields=fields)
            right = answer.status in {302, 303}
        taken = time.perf_counter() - started
    finally:
        browser.close()
    if not right and answer.status != 429:
        raise WrongAnswer(f"a right password is answered {answer.status}")
    return taken if right else None


def posts_sample(options: Options, server: Server, stage: Stage | None) -> Sample:
    """Sign people in one after the other."""
    posted_once(server, stage, 1)
    cpu = server.cpu()
    taken = [posted_once(server, stage, 1 + number % PEOPLE) for number in range(options.sign_ins)]
    right = [each * 1000 for each in taken if each is not None]
    return Sample(
        rate=1000 * len(right) / sum(right),
        p50_ms=percentile(right, 50),
        p99_ms=percentile(right, 99),
        cpu_ms=(server.cpu() - cpu) * 1000 / len(taken),
        memory_mb=server.memory(),
        requests=len(taken),
        failed=len(taken) - len(right),
    )


def meanwhile_sample(options: Options, server: Server, stage: Stage | None) -> Sample:
    """Ask for pages while two people sign in without pause, with right passwords."""
    stopping = threading.Event()
    done: list[float | None] = []
    refused: list[float | None] = []
    wrong: list[Exception] = []

    def keep_signing_in(offset: int) -> None:
        for number in itertools.count():
            if stopping.is_set():
                return
            try:
                taken = posted_once(server, stage, 1 + (2 * number + offset) % PEOPLE)
            except (WrongAnswer, OSError) as problem:
                wrong.append(problem)
                return
            (refused if taken is None else done).append(taken)

    threads = [threading.Thread(target=keep_signing_in, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    asked = stage.agenda() if stage else [Asked("/", {})]
    try:
        sample = load_on(
            server,
            reading_script(asked),
            connections=options.connections,
            seconds=options.seconds,
        )
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    if wrong:
        raise wrong[0]
    return replace(
        sample, notes={**sample.notes, "sign_ins": len(done), "sign_ins_refused": len(refused)}
    )


def start(options: Options, database: str) -> list[Group]:
    """The time from the command to the first answer, and the memory then."""
    with contextlib.ExitStack() as stack:
        places = {}
        for program in options.programs():
            place = options.place(program, database)
            stack.enter_context(
                on_stage(program, place, Book(PEOPLE, 50), threads=options.threads, people=1)
            )
            places[program.name] = place

        def bare() -> Sample:
            with hello(options.directory / "hello", threads=options.threads) as server:
                return started_sample(server)

        def again(program: Program) -> Sample:
            with running(program, places[program.name], threads=options.threads) as server:
                return started_sample(server)

        def first(program: Program) -> Sample:
            place = options.place(program, database)
            program.set_up(place)
            with running(program, place, threads=options.threads) as server:
                return started_sample(server)

        once_more = with_steps(
            Group("start", "with appointments", database),
            ("hello", "hello", bare),
            *((p.name, p.name, partial(again, p)) for p in options.programs()),
        )
        for_the_first_time = with_steps(
            Group("start", "for the first time", database),
            ("hello", "hello", bare),
            *((p.name, p.name, partial(first, p)) for p in options.programs()),
        )
        return in_turn(options, [once_more, for_the_first_time])


def started_sample(server: Server) -> Sample:
    time.sleep(0.5)
    return Sample(
        rate=0,
        p50_ms=server.first_answer_seconds * 1000,
        p99_ms=server.first_answer_seconds * 1000,
        cpu_ms=server.cpu() * 1000,
        memory_mb=server.memory(),
        requests=1,
        failed=0,
    )


PARTS: dict[str, Callable[[Options, str], list[Group]]] = {
    "agenda": agenda,
    "table": table,
    "write": write,
    "sign-in": sign_in_part,
    "start": start,
}
# What is measured on both databases unless one is named; the rest on SQLite.
ON_BOTH = {"write"}
