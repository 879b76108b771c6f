"""Taking turns at writing, among the threads of one process and among processes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from schedapp.plumbing import database
from schedapp.plumbing.database import Busy, Turns

HOLDS_THE_TURN = """
import sys, time
from pathlib import Path
from schedapp.plumbing.database import Turns
with Turns(Path(sys.argv[1])).taken():
    print("mine", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_gives_its_turn_back(tmp_path: Path) -> None:
    path, taken = tmp_path / "sched.db", threading.Event()

    def take() -> None:
        with Turns(path).taken():
            taken.set()

    command = [sys.executable, "-c", HOLDS_THE_TURN, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        waiting = threading.Thread(target=take)
        waiting.start()
        assert not taken.wait(0.2)
        other.kill()
        waiting.join(10)

    assert taken.is_set()


def test_one_thread_at_a_time_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SQLITE_WAIT_SECONDS", 0.05)
    turns = Turns(tmp_path / "sched.db")

    with turns.taken(), pytest.raises(Busy), turns.taken():
        pass
    with turns.taken():
        pass


def test_where_no_file_can_be_made_sqlite_decides(tmp_path: Path) -> None:
    with Turns(tmp_path / "missing" / "sched.db").taken():
        pass


def test_a_turn_leaves_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    with Turns(tmp_path / "sched.db").taken():
        pass

    assert (tmp_path / "sched.db-turn").stat().st_mode & 0o777 == 0o600
