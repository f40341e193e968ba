"""What every page costs: beside many other participants against alone, and in a large study against a small one.

Each page that answers is asked for as each role. Django is set up before this module is imported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from django.db import connections
from django.test import Client
from django.urls import URLPattern, get_resolver

from assessments.models.safety import SafetyAlert
from enrollment.models import Participant
from trialsite.accounts.models import Study, User
from trialsite.review.models import Query

# Pages of no study, pages that end or begin a session, and what changes something when it is looked at.
LEFT_OUT = {"logout", "login", "login_code", "login_again", "invitation", "healthz", "readyz", "feed"}


@dataclass(frozen=True, slots=True)
class Side:
    """A study as it stands in one database. `alias`: of the connection to it."""

    alias: str
    study: str

    def use(self) -> None:
        connections["default"] = connections[self.alias]


class Visitor:
    """One person in one study, and the addresses there."""

    def __init__(self, side: Side, username: str) -> None:
        self.side = side
        side.use()
        self.client = Client()
        self.client.force_login(
            User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend"
        )
        self.values = _values(side.study)

    def get(self, pattern: URLPattern) -> int | None:
        """The status; None where there is nothing in this study that the address could name."""
        address = _address(pattern, self.values)
        if address is None:
            return None
        self.side.use()
        return int(self.client.get(address).status_code)


def _values(study: str) -> dict[str, str]:
    """Of what an address names, by the part of the route before it."""
    participant = Participant.objects.filter(study__code=study, status="completed").order_by("code").first()
    values = {"studies/<str:study": study}
    if participant is None:
        return values
    visit, period = participant.visits.exclude(period=None).first(), participant.periods.first()
    query = Query.objects.filter(participant__study__code=study).first()
    alert = SafetyAlert.objects.filter(participant__study__code=study).first()
    member = User.objects.filter(memberships__study__code=study).order_by("pk").first()
    named = {
        "<str:code": participant.code,
        "visits/<int:pk": visit,
        "periods/<int:pk": period,
        "queries/<int:pk": query,
        "alerts/<int:pk": alert,
        "people/<int:pk": member,
        "ratings/<str:code": "HAMD17",
        "dashboard/<slug:chart": "enrolment",
        "<str:kind": "csv",
        "<str:chain": f"participant:{participant.pk}",
        "<int:first": "1",
        "<int:last": "3",
    }
    return values | {
        name: str(getattr(value, "pk", value)) for name, value in named.items() if value is not None
    }


def _patterns() -> list[URLPattern]:
    """Every address: each app's are included, without a prefix."""
    return [pattern for app in get_resolver("trialsite.urls").url_patterns for pattern in app.url_patterns]


def _address(pattern: URLPattern, values: dict[str, str]) -> str | None:
    """The route with its names filled in, each by the longest known part of the route that ends in it."""
    route = str(pattern.pattern)
    parts = route.split(">")
    done = ""
    for part in parts[:-1]:
        known = [name for name in values if part.endswith(name)]
        if not known:
            return None
        name = max(known, key=len)
        done += part[: part.rindex("<")] + quote(values[name], safe=":")
    return "/" + done + parts[-1]


def pages() -> Iterator[URLPattern]:
    for pattern in _patterns():
        if isinstance(pattern, URLPattern) and pattern.name and pattern.name not in LEFT_OUT:
            yield pattern


def people(study: str) -> list[tuple[str, str]]:
    """(role, username) of one person of each role."""
    members = Study.objects.get(code=study).memberships.order_by("-pk").values_list("role", "user__username")
    return sorted(dict(members).items())


def table(
    timed: Callable[..., list[float]], line: Callable[..., None], other: str, only: str = "", rounds: int = 7
) -> None:
    """The worst role of each page: a study beside many others against alone, and 10,000 participants against 100.
    `other`: the database in which the study is alone."""
    many = Participant.objects.exclude(study__code="KETNAL").count()
    here = dict(connections["default"].settings_dict)
    backend = type(connections["default"])
    for alias, name in (("alone", other), ("crowded", here["NAME"])):
        connections[alias] = backend({**here, "NAME": name}, "default")
    sides = {
        "alone": Side("alone", "KETNAL"),
        "beside": Side("crowded", "KETNAL"),
        "small": Side("crowded", "C100"),
        "large": Side("crowded", "C10K"),
    }
    beside: dict[str, tuple[float, str]] = {}
    larger: dict[str, tuple[float, str]] = {}
    for name, role, (alone, crowded, small, large) in crawl(timed, sides, only, rounds):
        beside[name] = max(beside.get(name, (0.0, "")), (crowded / alone, role))
        larger[name] = max(larger.get(name, (0.0, "")), (large / small, role))
    for name, (ratio, role) in sorted(beside.items(), key=lambda item: -item[1][0]):
        line(f"{name}, {role}: beside {many:,} participants / alone", ratio, "at most 1.2")
    for name, (ratio, role) in sorted(larger.items(), key=lambda item: -item[1][0]):
        line(f"{name}, {role}: 10,000 participants / 100", ratio, "at most 2")
    sides["beside"].use()


def crawl(
    timed: Callable[..., list[float]], sides: dict[str, Side], only: str = "", rounds: int = 7
) -> Iterator[tuple[str, str, list[float]]]:
    """(page, role, seconds of each of `sides`) of every page that answers 200 on all of them."""
    next(iter(sides.values())).use()
    for role, username in people(next(iter(sides.values())).study):
        visitors = [Visitor(side, username) for side in sides.values()]
        for pattern in pages():
            if only and pattern.name not in only.split(","):
                continue
            if all(visitor.get(pattern) == 200 for visitor in visitors):
                seconds = timed(*(partial(visitor.get, pattern) for visitor in visitors), rounds=rounds)
                yield str(pattern.name), role, seconds
