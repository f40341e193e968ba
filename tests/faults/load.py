"""People at work: real requests that save ratings, again when the answer was lost, and what was acknowledged."""

import http.client
import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.conftest import PASSWORD, items

HIDDEN = re.compile(r'name="(version|form_token)" value="([^"]*)"')
PATIENCE = 90


@dataclass(frozen=True, slots=True)
class Place:
    """A visit to rate, and the day on which it is said to have taken place."""

    visit: int
    on: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Save:
    """A save that was answered with success."""

    visit: int
    token: uuid.UUID
    version: int
    total: int
    reason: str


@dataclass
class Client:
    """One person with a browser's habits: cookies kept, redirects read, a form sent again as it was."""

    port: int
    username: str
    saves: list[Save] = field(default_factory=list)
    # What was not answered (the connection ended), and answers 503: each was followed by another send.
    unanswered: int = 0
    refused: int = 0
    strange: list[Answer] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Once. Raises OSError or HTTPException when no answer came."""
        session = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies.get("csrf", "")})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            session.request(method, path, body, headers)
            response = session.getresponse()
            text = response.read().decode()
        finally:
            session.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers.get("location", ""), text, headers)

    def insist(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """As often as it takes until it is answered, and not by 503."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self.request(method, path, fields)
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
            else:
                if answer.status != 503:
                    return answer
                self.refused += 1
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was not answered within {PATIENCE} s")

    def sign_in(self) -> None:
        self.insist("GET", "/login/")
        answer = self.insist("POST", "/login/", {"username": self.username, "password": PASSWORD})
        assert answer.status == 302, answer.body

    def form(self, place: Place, total: int, reason: str = "") -> dict[str, str]:
        """The form as it is now, filled in."""
        answer = self.insist("GET", f"/visits/{place.visit}/ratings/HAMD17/")
        if answer.status != 200:
            self.strange.append(answer)
            raise AssertionError(f"the form was answered by {answer.status}")
        fields = {f"item_{code}": str(value) for code, value in items(total).items()}
        fields |= {"performed_on": place.on, "rater": self.username, "reason": reason}
        return fields | dict(HIDDEN.findall(answer.body))

    def send(self, place: Place, fields: dict[str, str]) -> None:
        """Send the form until it is answered, and note what was acknowledged."""
        answer = self.insist("POST", f"/visits/{place.visit}/ratings/HAMD17/", fields)
        self.note(place, fields, answer)

    def note(self, place: Place, fields: dict[str, str], answer: Answer) -> None:
        if (answer.status, answer.location) != (302, f"/visits/{place.visit}/"):
            self.strange.append(answer)
            return
        total = sum(int(value) for name, value in fields.items() if name.startswith("item_"))
        version = int(fields["version"] or 0) + 1
        token = uuid.UUID(fields["form_token"])
        self.saves.append(Save(place.visit, token, version, total, fields["reason"]))

    def save(self, place: Place, total: int, reason: str = "") -> None:
        self.send(place, self.form(place, total, reason))


class Load:
    """Clients that rate all their places, correct each once, and go on correcting until the end."""

    def __init__(self, port: int, places: dict[str, list[Place]]) -> None:
        self.clients = [Client(port, username) for username in places]
        self._ended = threading.Event()
        self.failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._work, args=(client, places[client.username]))
            for client in self.clients
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Whoever is sending goes on until it is answered."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def saves(self) -> list[Save]:
        return [save for client in self.clients for save in list(client.saves)]

    def more(self, each: int) -> Callable[[], bool]:
        """A question: has every client had `each` more saves acknowledged since now?"""
        before = [len(client.saves) for client in self.clients]
        return lambda: (
            bool(self.failures)
            or all(len(client.saves) >= n + each for client, n in zip(self.clients, before, strict=True))
        )

    def _work(self, client: Client, places: Sequence[Place]) -> None:
        try:
            client.sign_in()
            turn = 0
            while not self._ended.is_set():
                # First ratings and corrections by turns, then corrections alone.
                place = places[(turn // 2) % len(places)]
                reason = f"{client.username} {turn}" if turn % 2 or turn >= 2 * len(places) else ""
                client.save(place, 10 + turn % 30, reason)
                turn += 1
        except BaseException as error:
            self.failures.append(error)
            raise
