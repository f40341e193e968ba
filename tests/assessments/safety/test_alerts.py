"""Safety alerts: who is told, by which rule, and that only an action closes one."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.models.safety import SafetyAlert
from assessments.rating.services import complete, correct
from assessments.safety.services import acknowledge
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.assessments.importing import invented, run
from tests.conftest import MakeUser, items
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event
from trialsite.review.models import Query

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SAF-01")]
AsUser = Callable[[User], Client]
RISK = "Spoke with them at once; no plan, no intent; sister stays with them; seen again tomorrow."


def entry(visit: Visit, suicide: int | None, *, days_ago: int = 9) -> AssessmentEntry:
    on = today_at(visit.participant.site) - timedelta(days=days_ago)
    missing = {} if suicide is not None else {"HAMD103": "refused"}
    values = items(20) | {"HAMD103": suicide}
    return AssessmentEntry(items=values, missing=missing, rater="Rita Rater", performed_on=on)


def enter(visit: Visit, suicide: int | None, by: User, *, days_ago: int = 9) -> Assessment:
    return complete(visit, "HAMD17", entry(visit, suicide, days_ago=days_ago), by=by, form_token=uuid.uuid4())


def alerts() -> list[tuple[str, int | None, int | None]]:
    return list(SafetyAlert.objects.values_list("trigger", "value", "previous"))


@pytest.fixture
def baseline(visit: Visit) -> Visit:
    assert visit.period
    return visit.period.visits.select_related("participant").get(code="BASELINE")


def test_item_3_at_3_raises_an_alert_with_the_save(visit: Visit, coordinator: User) -> None:
    """In the trail of the participant, by the person who saved; no query asks about it as if it were a typing error."""
    enter(visit, 3, coordinator)
    assert alerts() == [("level", 3, 0)]
    written = Event.objects.get(table_name="assessments_safetyalert")
    assert (written.chain, written.actor) == (f"participant:{visit.participant_id}", coordinator.pk)
    assert not Query.objects.filter(form="HAMD17", field="HAMD103").exists()


@pytest.mark.parametrize(("before", "now", "raised"), [(0, 2, True), (0, 1, False), (1, 2, False)])
def test_a_rise_by_2_raises_an_alert(
    before: int, now: int, raised: bool, baseline: Visit, visit: Visit, coordinator: User
) -> None:
    """From the participant's rating before, here the baseline."""
    enter(baseline, before, coordinator, days_ago=10)
    enter(visit, now, coordinator)
    assert alerts() == ([("rise", now, before)] if raised else [])


def test_a_change_of_one_rating_makes_the_next_one_a_rise(
    baseline: Visit, visit: Visit, coordinator: User
) -> None:
    """From 1 to 2 was none; the baseline turns out to be 0."""
    first = enter(baseline, 1, coordinator, days_ago=10)
    later = enter(visit, 2, coordinator)
    assert alerts() == []
    correct(first, entry(baseline, 0, days_ago=10), by=coordinator, version=1, reason="misread")
    assert alerts() == [("rise", 2, 0)]
    assert SafetyAlert.objects.get().rating == later


def test_a_correction_raises_one_and_takes_none_back(visit: Visit, coordinator: User) -> None:
    """Typed as 1, was 4; then as 0: the alert stays until somebody has acted, and there is one."""
    saved = enter(visit, 1, coordinator)
    saved = correct(saved, entry(visit, 4), by=coordinator, version=1, reason="misread")
    saved = correct(saved, entry(visit, 3), by=coordinator, version=2, reason="misread")
    correct(saved, entry(visit, 0), by=coordinator, version=3, reason="misread again")
    assert alerts() == [("level", 4, 0)]
    assert SafetyAlert.objects.open().count() == 1


def test_an_acknowledged_value_is_not_alerted_again_and_another_is(
    visit: Visit, coordinator: User, investigator: User
) -> None:
    saved = enter(visit, 3, coordinator)
    acknowledge(SafetyAlert.objects.get(), by=investigator, action=RISK)
    again = replace(entry(visit, 3), lookback_days=7)
    saved = correct(saved, again, by=coordinator, version=1, reason="look-back")
    assert SafetyAlert.objects.count() == 1
    correct(saved, entry(visit, 4), by=coordinator, version=2, reason="misread")
    assert list(SafetyAlert.objects.open().values_list("value", flat=True)) == [4]


def test_a_rating_that_is_not_saved_raises_none(visit: Visit, coordinator: User) -> None:
    """One transaction: neither without the other."""
    with pytest.raises(ValidationError):
        complete(
            visit,
            "HAMD17",
            AssessmentEntry(items=items(20) | {"HAMD103": 4}),
            by=coordinator,
            form_token=uuid.uuid4(),
        )
    assert alerts() == []


def test_only_an_action_closes_it_once(visit: Visit, coordinator: User, investigator: User) -> None:
    """Who, when and what was done stay; blanks are no action; the second to come is told of the first."""
    enter(visit, 4, coordinator)
    alert = SafetyAlert.objects.get()
    with pytest.raises(ValidationError, match="State what was done"):
        acknowledge(alert, by=investigator, action=" \u200b")
    acknowledge(alert, by=investigator, action=RISK)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.action) == (investigator, RISK)
    with pytest.raises(ValidationError, match=investigator.printed_name):
        acknowledge(alert, by=investigator, action="Once more")
    change = Event.objects.filter(table_name="assessments_safetyalert").latest("n")
    assert (change.op, change.reason, change.actor) == ("U", RISK, investigator.pk)


def test_the_database_keeps_action_and_person_together(
    visit: Visit, coordinator: User, investigator: User
) -> None:
    enter(visit, 4, coordinator)
    for values in ({"action": "done"}, {"acknowledged_by": investigator}):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            audit_context(investigator, reason="by hand"),
        ):
            SafetyAlert.objects.update(**values)


@pytest.mark.parametrize("role", ["coordinator", "monitor", "datamanager", "auditor", "statistician"])
def test_who_may_not_act_cannot_acknowledge(
    role: str, visit: Visit, coordinator: User, make_user: MakeUser
) -> None:
    enter(visit, 4, coordinator)
    with pytest.raises(PermissionDenied):
        acknowledge(SafetyAlert.objects.get(), by=make_user(role), action=RISK)


@pytest.mark.parametrize("role", ["investigator", "safety"])
def test_it_stands_first_on_today_and_on_every_page_until_it_is_acknowledged(
    role: str, visit: Visit, coordinator: User, make_user: MakeUser, site: Site, as_user: AsUser
) -> None:
    """Named, with its value on Today, and a link to act; gone from all pages afterwards."""
    enter(visit, 4, coordinator)
    alert = SafetyAlert.objects.get()
    client = as_user(make_user(role, site))
    code = visit.participant.code
    today = client.get("/studies/KETNAL/").content.decode()
    main = today[today.index("<main") :]
    assert main.index("safety-alert") < main.index(f"{code}:") < main.index("is rated 4")
    assert main.index("safety-alert") < (
        main.index('class="worklist') if 'class="worklist' in main else len(main)
    )
    act = f'href="/alerts/{alert.pk}/"'
    others = ["/studies/KETNAL/calendar/", "/account/", f"/visits/{visit.pk}/"]
    for page in others:
        assert act in client.get(page).content.decode(), page
    assert client.post(f"/alerts/{alert.pk}/", {"action": ""}).status_code == 422
    answer = client.post(f"/alerts/{alert.pk}/", {"action": RISK}, follow=True).content.decode()
    assert RISK in answer
    for page in ["/studies/KETNAL/", *others]:
        assert act not in client.get(page).content.decode(), page


def test_the_rater_is_told_at_once_on_the_visits_page(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """Who to tell; to acknowledge it is not theirs."""
    enter(visit, 4, coordinator)
    page = as_user(coordinator).get(f"/visits/{visit.pk}/").content.decode()
    assert "Inform an investigator now" in page
    assert "/alerts/" not in page


def test_where_one_rates_no_earlier_score_is_told(
    baseline: Visit, visit: Visit, coordinator: User, investigator: User, as_user: AsUser
) -> None:
    """The bar names the participant and no value."""
    enter(baseline, 0, coordinator, days_ago=10)
    enter(visit, 2, coordinator)
    assert visit.period
    next_one = visit.period.visits.get(code="DAY3")
    page = as_user(investigator).get(f"/visits/{next_one.pk}/ratings/HAMD17/").content.decode()
    assert "safety-bar" in page
    assert "rose from" not in page


def test_another_site_is_told_nothing(
    visit: Visit, coordinator: User, make_user: MakeUser, other_site: Site, as_user: AsUser
) -> None:
    enter(visit, 4, coordinator)
    stranger = as_user(make_user("investigator", other_site))
    assert "safety-alert" not in stranger.get("/studies/KETNAL/").content.decode()
    assert stranger.get(f"/alerts/{SafetyAlert.objects.get().pk}/").status_code == 404


def test_an_import_raises_them_too(tmp_path: Path, db: None) -> None:
    """By level and by rise, in the import's own transaction; the same file again raises none."""
    study = invented()
    names = list(items(20))
    rows = [
        ("P1", "BL", "2026-01-05", 0),
        ("P1", "WK2", "2026-01-19", 2),
        ("P1", "WK4", "2026-02-02", 2),
        ("P2", "BL", "2026-01-05", 3),
        ("P3", "BL", "2026-01-05", 2),
    ]
    lines = [f"site,participant,period,visit,date,instrument,{','.join(names)}"]
    for person, visit, on, suicide in rows:
        values = items(20) | {"HAMD103": suicide}
        lines.append(f"A,{person},1,{visit},{on},HAMD17,{','.join(str(values[name]) for name in names)}")
    file = tmp_path / "ratings.csv"
    file.write_text("\n".join(lines))
    for _ in range(2):
        assert run(file, study.code, "--create-participants").error == ""
        told = SafetyAlert.objects.values_list(
            "participant__code", "rating__visit__code", "trigger", "previous"
        )
        assert sorted(told) == [("P1", "WK2", "rise", 0), ("P2", "BL", "level", None)]
    written = Event.objects.filter(table_name="assessments_safetyalert")
    assert {event.actor_role for event in written} == {"import"}
