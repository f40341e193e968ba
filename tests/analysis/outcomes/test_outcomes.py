"""Stored outcomes: right, with their inputs; the same for one and for many; and changed rules wait for a decision."""

import json
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from analysis.domain import response
from analysis.models import Outcome, ParticipantOutcome, RuleAdoption
from analysis.outcomes.derivation import derive, each
from analysis.outcomes.derivation_read import MISSING
from analysis.outcomes.proposal import propose
from analysis.outcomes.rules import outcome_rules, rule_version, rules_in_force, rules_waiting
from analysis.outcomes.services import adopt_rules, recompute
from assessments.domain import instrument
from assessments.domain.entry import AssessmentEntry
from assessments.rating.services import correct
from enrollment.models import Participant
from tests.analysis.people import amend, rating_of, treat
from tests.conftest import MakeUser, items, rate
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Event, Outbox
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db


def derived(participant: Participant, period: int = 1) -> Outcome:
    recompute([participant.pk], task_id="task-1")
    return Outcome.objects.get(participant=participant, period=period)


def test_an_outcome_says_what_the_ratings_say(randomised: Participant, investigator: User) -> None:
    """24 to 12 is a response and no remission; by day 7 the response is lost, on day 5 it was not yet."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=12, DAY3=7, DAY5=12, DAY7=13, DAY14=20)
    found = derived(randomised)
    assert (found.baseline, found.change, found.response, found.remission) == (24, -12, True, False)
    assert (found.evaluable, found.sustained, found.relapse, found.relapse_visit) == (
        True,
        False,
        True,
        "DAY7",
    )
    assert found.visits["DAY1"] == {
        "total": 12,
        "change": -12,
        "percent_change": -50.0,
        "response": True,
        "remission": False,
    }
    assert found.visits["DAY3"]["remission"] is True


def test_the_subscale_is_the_one_of_the_instrument(randomised: Participant, investigator: User) -> None:
    """HAM-D6 of both visits by the instrument's own scoring, and their difference."""
    treat(randomised, 1, investigator, BASELINE=30, DAY1=11)
    hamd = instrument.load("HAMD17")
    before, after = (instrument.score(hamd, items(total)).subscales["HAMD6"] for total in (30, 11))
    assert before is not None
    assert after is not None
    found = derived(randomised).subscales["HAMD6"]
    assert (found["baseline"], found["change"], found["visits"]["DAY1"]) == (before, after - before, after)
    assert found["visits"]["DAY3"] is None


def test_a_missing_item_leaves_total_and_its_subscale_open(
    randomised: Participant, investigator: User
) -> None:
    """Without item 1 there is no total and no HAM-D6: not evaluable, and neither a 0."""
    period = treat(randomised, 1, investigator, BASELINE=30, DAY1=11)
    rating = rating_of(period, "DAY1")
    values = items(11)
    first = next(iter(values))
    values[first] = None
    entry = AssessmentEntry(
        items=values, missing={first: "refused"}, rater="R", performed_on=rating.performed_on
    )
    correct(rating, entry, by=investigator, version=1, reason="item 1 was not rated")
    found = derived(randomised)
    assert (found.response, found.evaluable, found.subscales["HAMD6"]["change"]) == (None, False, None)


@pytest.mark.requirement("DER-02")
def test_each_row_names_what_it_was_made_of(randomised: Participant, investigator: User) -> None:
    """Ratings with their versions, the rules, the task; a correction gives the next version."""
    period = treat(randomised, 1, investigator, BASELINE=24, DAY1=13)
    baseline, day1 = rating_of(period, "BASELINE"), rating_of(period, "DAY1")
    found = derived(randomised)
    assert found.inputs == {"BASELINE": [baseline.pk, 1], "DAY1": [day1.pk, 1]}
    assert (found.task_id, found.protocol) == ("task-1", randomised.protocol)
    assert found.rule_version == rule_version(randomised.protocol)
    assert found.response is False
    entry = AssessmentEntry(items=items(12), rater="R", performed_on=day1.performed_on)
    correct(day1, entry, by=investigator, version=1, reason="transcription error")
    again = derived(randomised)
    assert (again.response, again.inputs["DAY1"]) == (True, [day1.pk, 2])
    overall = ParticipantOutcome.objects.get(participant=randomised)
    assert overall.inputs["1"] == [period.pk, period.version]


def test_a_recompute_that_finds_the_same_writes_nothing(randomised: Participant, investigator: User) -> None:
    """The row keeps the time and the task that made it; whatever else stood in it is put right."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=12)
    first = derived(randomised)
    recompute([randomised.pk], task_id="task-2")
    same = Outcome.objects.get(pk=first.pk)
    assert (same.computed_at, same.task_id) == (first.computed_at, "task-1")
    Outcome.objects.filter(pk=first.pk).update(response=False)
    recompute([randomised.pk], task_id="task-3")
    mended = Outcome.objects.get(pk=first.pk)
    assert (mended.response, mended.task_id) == (True, "task-3")


def test_the_pattern_and_the_completer_need_both_periods(randomised: Participant, investigator: User) -> None:
    """After one period: not a completer, because the second was not given. After both: a pattern by period."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=20)
    derived(randomised)
    one = ParticipantOutcome.objects.get(participant=randomised)
    assert (one.pattern, one.completer, one.shortfall, one.shortfall_period) == ("", False, "not_dosed", 2)
    treat(randomised, 2, investigator, BASELINE=24)
    derived(randomised)
    assert ParticipantOutcome.objects.get(participant=randomised).shortfall == "no_primary"
    rate(randomised.periods.get(number=2).visits.get(code="DAY1"), 6, investigator)
    derived(randomised)
    both = ParticipantOutcome.objects.get(participant=randomised)
    assert (both.pattern, both.completer, both.shortfall, both.shortfall_period) == ("2", True, "", None)


totals = st.none() | st.integers(0, 52)


@given(st.lists(st.lists(totals, min_size=4, max_size=4), min_size=1, max_size=12))
def test_many_at_once_are_judged_as_each_alone(people: list[list[int | None]]) -> None:
    """The rule of each distinct row, spread over all rows, is the rule of each row."""
    columns = [
        [MISSING if value is None else value for value in column] for column in zip(*people, strict=True)
    ]
    found = each(lambda *values: values, *(np.array(column) for column in columns))
    assert [list(one) for one in found.tolist()] == people


def test_the_stored_text_is_the_one_that_is_derived(randomised: Participant, investigator: User) -> None:
    """JSON columns are derived as PostgreSQL writes them, or every recompute would replace every row."""
    treat(randomised, 1, investigator, BASELINE=23, DAY1=12, DAY14=25)
    derived(randomised)
    rows, _overall = derive(randomised.protocol, [randomised.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            "select visits::text, subscales::text, inputs::text from analysis_outcome order by period"
        )
        stored = cursor.fetchall()
    assert [(row.visits, row.subscales, row.inputs) for row in rows] == stored
    rules = outcome_rules(randomised.protocol)
    alone = response.assess({"BASELINE": 23, "DAY1": 12, "DAY14": 25}, rules)
    assert json.loads(rows[0].visits)["DAY14"]["percent_change"] == alone.by_visit["DAY14"].percent_change


def test_a_new_protocol_with_the_same_rules_changes_nothing(study: Study) -> None:
    """Only what an outcome depends on makes other rules."""
    amend(study, "1.1")
    assert rules_waiting(study) is None
    assert propose(study) is None


@pytest.fixture
def waiting(study: Study, randomised: Participant, investigator: User) -> Any:
    """24 to 12 in period 1, a response at 50 %; then a version that asks for 60 %."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=12, DAY3=10, DAY5=10, DAY7=10, DAY14=10)
    recompute([randomised.pk])
    return amend(study, "2.0", response_percent=60)


@pytest.mark.requirement("DER-02")
def test_changed_rules_wait_and_their_difference_is_shown(
    waiting: Any, study: Study, randomised: Participant
) -> None:
    """Until they are adopted every recompute goes by the old rules; the proposal names each change."""
    recompute([randomised.pk])
    assert rules_in_force(study) == randomised.protocol
    assert Outcome.objects.get(participant=randomised, period=1).response is True
    proposal = propose(study)
    assert proposal is not None
    assert (proposal.people, proposal.affected, proposal.protocol) == (1, 1, waiting)
    changes = {(change.period, change.flag): (change.before, change.after) for change in proposal.changes}
    assert changes == {
        (1, "response"): (True, False),
        (1, "relapse"): (False, None),
        (1, "sustained"): (True, False),
    }


def test_adopted_rules_hold_from_then_on(
    waiting: Any, study: Study, randomised: Participant, make_user: MakeUser
) -> None:
    """With a reason; everybody is owed a recompute; the decision keeps what was shown, and is audited."""
    manager = make_user("datamanager")
    proposal = propose(study)
    assert proposal is not None
    adopted = adopt_rules(waiting, by=manager, digest=proposal.digest, reason="amendment 2 approved")
    assert Outbox.objects.filter(kind="recompute", subject=randomised.pk).exists()
    recompute([randomised.pk])
    found = Outcome.objects.get(participant=randomised, period=1)
    assert (found.response, found.protocol, found.rule_version) == (False, waiting, rule_version(waiting))
    assert (rules_waiting(study), adopted.difference["affected"]) == (None, 1)
    event = Event.objects.filter(table_name="analysis_ruleadoption").latest("n")
    assert (event.actor, event.reason) == (manager.pk, "amendment 2 approved")


@pytest.mark.requirement("DER-02")
def test_rules_are_adopted_only_as_they_were_shown(
    waiting: Any, study: Study, randomised: Participant, investigator: User, make_user: MakeUser
) -> None:
    """A rating saved meanwhile makes another difference: nothing is adopted, the new one is to be read first."""
    proposal = propose(study)
    assert proposal is not None
    day1 = rating_of(randomised.periods.get(number=1), "DAY1")
    entry = AssessmentEntry(items=items(5), rater="R", performed_on=day1.performed_on)
    correct(day1, entry, by=investigator, version=1, reason="transcription error")
    manager = make_user("datamanager")
    with pytest.raises(Conflict):
        adopt_rules(waiting, by=manager, digest=proposal.digest, reason="amendment 2 approved")
    now = propose(study)
    assert now is not None
    with pytest.raises(ValidationError, match="Give the reason"):
        adopt_rules(waiting, by=manager, digest=now.digest, reason=" ")
    assert not RuleAdoption.objects.exists()


@pytest.mark.parametrize("role", ["coordinator", "investigator", "monitor", "statistician"])
def test_others_do_not_adopt_rules(waiting: Any, study: Study, make_user: MakeUser, role: str) -> None:
    """Data managers and administrators do."""
    with pytest.raises(PermissionDenied):
        adopt_rules(waiting, by=make_user(role), digest="", reason="because")


def test_an_adoption_is_written_once(waiting: Any, study: Study, make_user: MakeUser) -> None:
    """The database refuses to change it afterwards."""
    proposal = propose(study)
    assert proposal is not None
    adopted = adopt_rules(waiting, by=make_user("admin"), digest=proposal.digest, reason="amendment 2")
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleAdoption.objects.filter(pk=adopted.pk).update(reason="another")
