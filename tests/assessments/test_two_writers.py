"""A rating that is typed and one that is imported go by the same rules: whoever writes, the same is on record after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment, SafetyAlert
from assessments.rating.services import complete, correct
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from enrollment.services import withdraw
from tests.assessments.importing import HEADER, run
from tests.conftest import items
from tests.enrollment.steps import days, dose, period
from trialsite.accounts.models import User
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db
CODES = list(items(20))
SUICIDE = "HAMD103"


@dataclass(frozen=True, slots=True)
class Rating:
    """What a rater wrote down. `day`: counted from the first dose; `suicide`: item 3; `gap`: an item not rated."""

    period: int
    visit: str
    day: int
    suicide: int = 0
    gap: str = ""

    def items(self) -> dict[str, int | None]:
        values = items(20) | {SUICIDE: self.suicide}
        return values | {self.gap: None} if self.gap else values


Rounds = Sequence[Sequence[Rating]]
Snapshot = dict[str, Any]


@pytest.fixture
def treated(randomised: Participant, coordinator: User) -> Participant:
    """Both doses given, 60 and 30 days ago."""
    today = today_at(randomised.site)
    dose(randomised, 1, today - days(60), coordinator)
    dose(randomised, 2, today - days(30), coordinator)
    return randomised


def by_form(participant: Participant, ratings: Sequence[Rating], first: date, by: User) -> None:
    """Each saved on its own, or corrected."""
    for rating in ratings:
        visit = Visit.objects.get(participant=participant, period__number=rating.period, code=rating.visit)
        entry = AssessmentEntry(
            items=rating.items(),
            missing={rating.gap: "not_recorded"} if rating.gap else {},
            rater="R",
            performed_on=first + timedelta(days=rating.day),
        )
        saved = visit.assessments.first()
        if saved:
            correct(saved, entry, by=by, version=saved.version, reason="read again")
        else:
            complete(visit, "HAMD17", entry, by=by, form_token=uuid4())


def by_file(participant: Participant, ratings: Sequence[Rating], first: date, folder: Path) -> None:
    """All in one import."""
    rows = [HEADER.removesuffix("total") + ",".join(CODES)]
    for rating in ratings:
        cells = ["NA" if value is None else str(value) for value in rating.items().values()]
        on = first + timedelta(days=rating.day)
        place = f"{participant.site.code},{participant.code},{rating.period},{rating.visit},{on},HAMD17"
        rows.append(",".join([place, *cells]))
    file = folder / "ratings.csv"
    file.write_text("\n".join(rows) + "\n")
    ended = run(file, participant.study.code, "--reason", "read again")
    assert (ended.problems, ended.error) == ([], "")


def on_record(participant: Participant) -> Snapshot:
    """Everything that a rating may bring with it. Who rated is not in a file."""
    place = ("visit__period__number", "visit__code")
    assessments = Assessment.objects.filter(participant=participant).order_by("visit")
    queries = Query.objects.filter(participant=participant)
    alerts = SafetyAlert.objects.filter(participant=participant)
    return {
        "assessments": list(assessments.values_list(*place, "status", "items", "missing", "total",
                                                    "performed_on", "instrument_version", "version")),
        "visits": list(participant.visits.order_by("pk").values_list("pk", "status", "performed_on")),
        "queries": sorted(queries.values_list("check_id", *place, "form", "field", "status"), key=str),
        "alerts": sorted(alerts.values_list("rating__visit", "item", "value", "previous", "trigger")),
        "facts": sorted(participant.facts.values_list("name", "value", "source")),
        "participant": Participant.objects.filter(pk=participant.pk).values_list("status", "version").get(),
    }  # fmt: skip


@contextmanager
def undone() -> Iterator[None]:
    class Undone(Exception):
        pass

    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


def both(participant: Participant, rounds: Rounds, by: User, folder: Path) -> tuple[Snapshot, Snapshot]:
    """What is on record after the form, and after imports, of the same rounds of ratings."""
    first = period(participant, 1).dosed_on
    assert first
    snapshots = []
    writers: tuple[Callable[[Sequence[Rating]], None], ...] = (
        lambda ratings: by_form(participant, ratings, first, by),
        lambda ratings: by_file(participant, ratings, first, folder),
    )
    for write in writers:
        with undone():
            for ratings in rounds:
                write(ratings)
            snapshots.append(on_record(participant))
    return snapshots[0], snapshots[1]


DAYS = {"BASELINE": 0, "DAY1": 1, "DAY3": 3, "DAY5": 5, "DAY7": 7, "DAY14": 14}
ALL_DONE = [Rating(number, code, 30 * (number - 1) + day) for number in (1, 2) for code, day in DAYS.items()]
TABLE: dict[str, tuple[Rounds, str, object]] = {
    "in order": ([[Rating(1, "DAY1", 1)]], "queries", []),
    "an item missing": ([[Rating(1, "DAY1", 1, gap="HAMD104")]], "queries", []),
    "out of its window": (
        [[Rating(1, "DAY3", 9)]],
        "queries", [("RATING-OUT-OF-WINDOW", 1, "DAY3", "HAMD17", "", "open")],
    ),
    "before the dose": (
        [[Rating(1, "DAY1", -1)]],
        "queries", [("RATING-BEFORE-DOSE", 1, "DAY1", "HAMD17", "", "open")],
    ),
    "dated right afterwards": (
        [[Rating(1, "DAY3", 9)], [Rating(1, "DAY3", 3)]],
        "queries", [("RATING-OUT-OF-WINDOW", 1, "DAY3", "HAMD17", "", "closed")],
    ),
    "after the next dose": (
        [[Rating(1, "DAY14", 31)]],
        "queries", [
            ("RATING-OUT-OF-WINDOW", 1, "DAY14", "HAMD17", "", "open"),
            ("WASHOUT-LAST-VISIT", None, None, "dosing", "2", "open"),
        ],
    ),
    "before the next dose after all": (
        [[Rating(1, "DAY14", 31)], [Rating(1, "DAY14", 14)]],
        "queries", [
            ("RATING-OUT-OF-WINDOW", 1, "DAY14", "HAMD17", "", "closed"),
            ("WASHOUT-LAST-VISIT", None, None, "dosing", "2", "closed"),
        ],
    ),
    "an alert by its value": ([[Rating(1, "BASELINE", 0), Rating(1, "DAY1", 1, 4)]], "alerts", 1),
    "an alert by its rise": ([[Rating(1, "BASELINE", 0), Rating(1, "DAY1", 1, 2)]], "alerts", 1),
    "a rise that a correction makes": (
        [[Rating(1, "BASELINE", 0, 2), Rating(1, "DAY1", 1, 2)], [Rating(1, "BASELINE", 0, 0)]], "alerts", 2,
    ),
    "all visits": ([ALL_DONE], "participant", "completed"),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_typed_and_imported_are_the_same_on_record(
    case: str, treated: Participant, coordinator: User, tmp_path: Path
) -> None:
    rounds, part, expected = TABLE[case]
    typed, imported = both(treated, rounds, coordinator, tmp_path)
    assert imported == typed
    if part == "alerts":
        assert len(typed[part]) == expected
    else:
        assert (typed[part][0] if part == "participant" else typed[part]) == expected


@pytest.mark.parametrize("redated", [False, True])
def test_after_a_withdrawal_both_are_asked_about(
    redated: bool, treated: Participant, coordinator: User, investigator: User, tmp_path: Path
) -> None:
    """A rating dated later than its participant left; the question closes when the date is put right."""
    left_on = today_at(treated.site) - days(58)
    withdraw(treated, by=investigator, left_on=left_on, reason="moved away", kept_because="told later")
    rounds = [[Rating(1, "DAY3", 3)], [Rating(1, "DAY3", 2)] if redated else []]
    typed, imported = both(treated, [r for r in rounds if r], coordinator, tmp_path)
    assert imported == typed
    assert [(query[0], query[-1]) for query in typed["queries"]] == [
        ("RATING-AFTER-WITHDRAWAL", "closed" if redated else "open")
    ]


ratings = st.builds(
    Rating,
    period=st.sampled_from([1, 2]),
    visit=st.sampled_from(list(DAYS)),
    day=st.integers(-3, 50),
    suicide=st.integers(0, 4),
    gap=st.sampled_from(["", "", "HAMD104", SUICIDE]),
)
one_round = st.lists(ratings, min_size=1, max_size=4, unique_by=lambda rating: (rating.period, rating.visit))


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=one_round, later=ratings)
def test_whatever_was_rated_and_corrected(
    first: list[Rating], later: Rating, treated: Participant, coordinator: User, tmp_path: Path
) -> None:
    """What is open in the end; between the rows that are typed, questions come and go that an import never asks, for it
    looks at all its rows at once."""
    in_time = sorted(first, key=lambda rating: (rating.day, rating.period, DAYS[rating.visit]))
    typed, imported = both(treated, [in_time, [later]], coordinator, tmp_path)
    for snapshot in (typed, imported):
        snapshot["queries"] = [query for query in snapshot["queries"] if query[-1] != "closed"]
    assert imported == typed
