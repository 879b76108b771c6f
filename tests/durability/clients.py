"""Clients that write without pause, and write down what they are told."""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.durability.journal import ABSENT, Entry, Journal, SharedEdit, State, fields_of
from tests.servers import Answer, Client

NOT_FOR_PEOPLE = ("database is locked", "Traceback", "OperationalError", "deadlock")
BROKEN = (OSError, http.client.HTTPException)


class Writer:
    """One client: it creates, edits, deletes and restores its own appointments, and edits one that
    it shares with others; whenever a connection breaks it goes on at another server.
    """

    def __init__(self, number: int, owner: str, ports: list[int], over: threading.Event) -> None:
        self.journal = Journal(owner)
        self.shared_id = ""
        self._number = number
        self._texts = 0
        self._random = random.Random(number)  # noqa: S311
        self._over = over
        cookies: dict[str, str] = {}
        self._clients = [Client(port, cookies) for port in ports]
        self._client = self._clients[number % len(ports)]
        self._token = ""

    def sign_in(self, email: str, password: str) -> None:
        """Sign in, and fetch a form's token; before any server is killed."""
        fields = {"username": email, "password": password}
        answer = self._client.submit("/login/", fields)
        assert answer.status == 303, answer.text
        self._token = self._client.get("/appointments/create/").field("csrf_token") or ""
        assert self._token

    def write_shared(self) -> str:
        """Create the appointment that all clients of one owner will edit."""
        fields = {"csrf_token": self._token, **fields_of(self._new_text())}
        answer = self._client.post("/appointments/create/", fields)
        assert answer.status == 303, answer.text
        return _id_in(answer)

    def work(self) -> Journal:
        """Write until it is over, and return what is known then."""
        with ExitStack() as stack:
            for client in self._clients:
                stack.callback(client.close)
            while not self._over.is_set():
                self._choose()()
                if self._random.random() < 0.05:
                    self._go_elsewhere()
        return self.journal

    def _choose(self) -> Callable[[], None]:
        known = [each for each in self.journal.entries if each.public_id]
        ways: list[Callable[[], None]] = [self._create, self._edit_shared]
        weights = [4, 1]
        if known:
            entry = self._random.choice(known)
            if any(not state.deleted for state in entry.may_be):
                ways += [lambda: self._edit(entry), lambda: self._delete(entry)]
                weights += [3, 2]
            else:
                ways += [lambda: self._restore(entry)]
                weights += [2]
        return self._random.choices(ways, weights)[0]

    def _create(self) -> None:
        text = self._new_text()
        entry = Entry({ABSENT})
        self.journal.entries.append(entry)
        answer = self._write("POST", "/appointments/create/", fields_of(text))
        if answer is None:
            entry.doubt(State(text))
        elif self._is_done(answer, 303):
            entry.acknowledge(State(text))
            entry.public_id = _id_in(answer)
            self._look(f"/appointments/{entry.public_id}/", text)

    def _edit(self, entry: Entry) -> None:
        text = self._new_text()
        path = f"/appointments/{entry.public_id}/"
        answer = self._write("POST", f"{path}edit/", fields_of(text))
        if answer is None:
            entry.doubt(State(text))
        elif answer.status == 404 and entry.learn(deleted=True):
            return
        elif self._is_done(answer, 303):
            entry.acknowledge(State(text))
            self._look(path, text)

    def _delete(self, entry: Entry) -> None:
        left = [State(text, deleted=True) for text in entry.texts()]
        path = f"/appointments/{entry.public_id}/delete/"
        method, done = self._random.choice([("POST", 303), ("DELETE", 200)])
        answer = self._write(method, path, {})
        if answer is None:
            entry.doubt(*left)
        elif answer.status == 404 and entry.learn(deleted=True):
            return
        elif self._is_done(answer, done):
            entry.acknowledge(*left)
            self._look(f"/appointments/{entry.public_id}/", None)

    def _restore(self, entry: Entry) -> None:
        left = [State(text) for text in entry.texts()]
        answer = self._write("POST", f"/appointments/{entry.public_id}/restoration/", {})
        if answer is None:
            entry.doubt(*left)
        elif answer.status == 404 and entry.learn(deleted=False):
            return
        elif self._is_done(answer, 303):
            entry.acknowledge(*left)
            if len(entry.may_be) == 1:
                self._look(f"/appointments/{entry.public_id}/", left[0].text)

    def _edit_shared(self) -> None:
        """Edit as a browser does: with the version that was seen; another one may be faster."""
        path = f"/appointments/{self.shared_id}/edit/"
        page = self._ask("GET", path)
        if page is None or page.status != 200:
            return
        seen, text = int(page.field("version") or 0), self._new_text()
        answer = self._write("POST", path, fields_of(text) | {"version": str(seen)})
        if answer is None:
            self.journal.shared.append(SharedEdit(seen, text, acknowledged=False))
        elif answer.status != 409 and self._is_done(answer, 303):
            self.journal.shared.append(SharedEdit(seen, text, acknowledged=True))

    def _look(self, path: str, text: str | None) -> None:
        """Look at another server whether an acknowledged change is there; None is a 404."""
        self._go_elsewhere()
        page = self._ask("GET", path)
        if page is None:
            return
        right = page.status == 404 if text is None else page.status == 200 and text in page.text
        if not right:
            self.journal.refusals.append(f"{path} shows {page.status}, without {text!r}")

    def _new_text(self) -> str:
        self._texts += 1
        return f"client {self._number:02} text {self._texts:06}"

    def _write(self, method: str, path: str, fields: dict[str, str]) -> Answer | None:
        begun = time.monotonic()
        answer = self._ask(method, path, fields)
        if answer is not None:
            self.journal.write_seconds.append(time.monotonic() - begun)
        return answer

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer | None:
        """Return the answer, or None when the connection broke after something was sent."""
        while True:
            try:
                if method == "GET":
                    answer = self._client.get(path)
                elif method == "DELETE":
                    headers = {"X-CSRFToken": self._token}
                    answer = self._client.request("DELETE", path, headers=headers)
                else:
                    form = {"csrf_token": self._token, **(fields or {})}
                    answer = self._client.post(path, form)
            except ConnectionRefusedError:
                # Nobody was there to whom anything could be sent.
                self._go_elsewhere()
                if self._over.wait(0.05):
                    return None
                continue
            except TimeoutError:
                self.journal.refusals.append(f"{method} {path} was not answered in time")
                raise
            except BROKEN:
                self.journal.broken += 1
                self._go_elsewhere()
                return None
            self.journal.statuses[answer.status] += 1
            for words in NOT_FOR_PEOPLE:
                if words in answer.text:
                    self.journal.refusals.append(f"{method} {path}: {words}")
            return answer

    def _is_done(self, answer: Answer, status: int) -> bool:
        if answer.status != status:
            self.journal.refusals.append(f"{answer.status} instead of {status}")
        return answer.status == status

    def _go_elsewhere(self) -> None:
        self._client = self._random.choice([c for c in self._clients if c is not self._client])


def _id_in(answer: Answer) -> str:
    found = re.fullmatch(r"(?:http://[^/]+)?/appointments/(\w+)/", answer.location or "")
    assert found, answer.location
    return found[1]
