"""A simulated trial is as untidy as it is told to be, the same for one seed, and asks what the browser would ask."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F, Q

from analysis.demo.simulated import Rates
from assessments.models import Assessment
from assessments.models.safety import SafetyAlert
from assessments.timing.selectors import timing_of
from enrollment.models import Participant, Period, Visit
from enrollment.schedule.gate import washout_kept
from enrollment.selectors import washouts_before
from tests.analysis.conftest import as_closed
from trialsite.accounts.models import Study
from trialsite.audit.models import Event
from trialsite.review.models import Query

NONE = {rate.name: 0.0 for rate in fields(Rates)}
SEED = 71


def simulate(rates: Mapping[str, float], n: int = 60, seed: int = SEED) -> Study:
    with as_closed():
        call_command("simulate_trial", participants=n, sites=2, seed=seed, stdout=StringIO(), **rates)
    return Study.objects.get(code=f"SIM{seed}")


def told(study: Study) -> list[Any]:
    """All that is known of the people and their visits, without ids."""
    rows = Assessment.objects.filter(participant__study=study).order_by(
        "participant__code", "visit__period__number", "visit__day", "instrument"
    )
    ratings = rows.values_list(
        "participant__code",
        "visit__code",
        "instrument",
        "items",
        "missing",
        "status",
        "performed_on",
        "version",
    )
    visits = Visit.objects.filter(participant__study=study).order_by(
        "participant__code", "period__number", "day"
    )
    people = Participant.objects.filter(study=study).order_by("code")
    return [*ratings, *visits.values_list("code", "status", "performed_on", "missed_reason"),
            *people.values_list("code", "status", "left_reason", "left_on")]  # fmt: skip


def test_rates_of_nothing_make_a_trial_without_a_blemish(demo: str) -> None:
    made = simulate(NONE, 20)
    assert Counter(Participant.objects.filter(study=made).values_list("status", flat=True)) == {
        "completed": 20
    }
    visits = Visit.objects.filter(participant__study=made, period__isnull=False)
    assert not visits.exclude(status="done", performed_on=F("planned_on"))
    assert not Assessment.objects.filter(participant__study=made).exclude(status="complete", version=1)
    assert not Query.objects.filter(participant__study=made)


def test_everything_that_happens_in_a_trial_happens(demo: str) -> None:
    rates = dict.fromkeys(NONE, 0.1) | {"washouts": 0.4}
    made = simulate(rates)
    people = Participant.objects.filter(study=made)
    assert {"completed", "withdrawn", "screen_failed"} == set(people.values_list("status", flat=True))
    assert not people.filter(status="withdrawn").filter(Q(left_on=None) | Q(left_reason=""))
    visits = Visit.objects.filter(participant__study=made, period__isnull=False)
    deviations = [visit.deviation() for visit in visits.filter(status="done")]
    assert min(deviations) < 0 < max(deviations)
    assert visits.filter(status="missed").exclude(missed_reason="").exists()
    ratings = Assessment.objects.filter(participant__study=made)
    assert ratings.filter(status="not_done").exclude(not_done_reason="").exists()
    assert all(
        len(rating.missing) == 1 and rating.total is None for rating in ratings.filter(status="entered")
    )
    assert len({why for rating in ratings for why in rating.missing.values()}) > 3
    assert ratings.filter(items__has_key="HAMD116B").exists()
    assert not ratings.filter(items__has_keys=["HAMD116A", "HAMD116B"])
    corrected = ratings.filter(version=2)
    assert corrected
    entries = Event.objects.filter(
        table_name="assessments_assessment", op="U", row_pk__in=[str(r.pk) for r in corrected]
    )
    assert {entry.reason for entry in entries} == {"Date typed under the wrong visit"}
    assert all(
        entry.old["performed_on"] > entry.new["performed_on"] for entry in entries if entry.old and entry.new
    )


def test_it_asks_what_the_browser_would_ask(demo: str) -> None:
    """One query for each date out of order, closed where it was put right; one for each washout nobody answers for; an
    alert for each rating that gives cause."""
    made = simulate(NONE | {"out_of_window": 0.1, "wrong_dates": 0.1, "washouts": 0.5})
    open_ = Query.objects.open().filter(participant__study=made)
    ratings = Assessment.objects.filter(participant__study=made)
    due = {
        (rating.visit_id, rating.instrument)
        for rating in ratings.select_related("visit__period", "visit__participant")
        if timing_of(rating.visit, rating.performed_on).firing
    }
    assert {(q.visit_id, q.form) for q in open_.filter(check_id__startswith="RATING")} == due != set()
    closed = Query.objects.filter(participant__study=made, status="closed")
    assert closed
    assert all([m.kind for m in query.messages.all()] == ["raised", "closed"] for query in closed)
    periods = Period.objects.filter(participant__study=made).select_related(
        "participant__protocol", "participant__site"
    )
    broken = {
        (period.participant_id, str(period.number))
        for period, window in washouts_before(periods).items()
        if period.day0 and not washout_kept(period, window, period.day0)
    }
    assert (
        {(q.participant_id, q.field) for q in open_.filter(check_id__startswith="WASHOUT")} == broken != set()
    )
    assert periods.exclude(override_reason="").exists()
    grave = Assessment.objects.filter(participant__study=made, items__HAMD103__gte=3)
    alerted = set(
        SafetyAlert.objects.filter(participant__study=made, trigger="level").values_list("rating", flat=True)
    )
    assert alerted == set(grave.values_list("pk", flat=True)) != set()


def test_one_seed_is_one_trial(demo: str) -> None:
    def of(seed: int) -> list[Any]:
        with transaction.atomic():
            call_command("simulate_trial", participants=12, seed=seed, stdout=StringIO())
            found = told(Study.objects.get(code=f"SIM{seed}"))
            transaction.set_rollback(True)
        return found

    with as_closed():
        assert of(5) == of(5) != of(6)


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float, demo: str) -> None:
    with pytest.raises(CommandError, match="--missed"):
        call_command("simulate_trial", participants=1, missed=rate)
