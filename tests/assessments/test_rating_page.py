"""The rating page: drafts, double clicks, two people at one form, and what a rater may not see."""

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from assessments.models import Draft
from assessments.rating.codec import AssessmentText
from assessments.rating.services import correct, keep_draft
from enrollment import services
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.assessments.test_rating import enter, entry
from tests.conftest import MakeUser, items, rate, sign
from trialsite.accounts.models import Site, User
from trialsite.review.models import Query
from trialsite.review.services import decide_unlock, lock, request_unlock

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
Fields = dict[str, str]
ITEM_1_IS_2 = AssessmentText(items={"HAMD101": "2"}, missing={})


def page_of(visit: Visit) -> str:
    return f"/visits/{visit.pk}/ratings/HAMD17/"


def typed(total: int = 20, **more: str) -> Fields:
    """A complete form as the browser sends it."""
    fields = {f"item_{code}": str(value) for code, value in items(total).items()}
    on = (date.today() - timedelta(days=9)).isoformat()
    return fields | {"performed_on": on, "rater": "Rita Rater", "form_token": str(uuid.uuid4())} | more


@pytest.fixture
def colleague(make_user: MakeUser, site: Site) -> User:
    """Somebody else of the site who may enter, by another name."""
    return make_user("investigator", site)


def test_a_complete_form_is_saved_and_answered_with_its_total(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    answer = as_user(coordinator).post(page_of(visit), typed(23), follow=True)
    assert "all items rated, total 23" in answer.content.decode()
    assert visit.assessments.get().total == 23


def test_saved_is_said_once(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """A reload of the visit's page does not say it again."""
    client = as_user(coordinator)
    address = client.post(page_of(visit), typed(23))["Location"]
    assert "total 23." in client.get(address).content.decode()
    assert "Saved" not in client.get(address).content.decode()


@pytest.mark.requirement("ENT-04")
def test_a_double_click_saves_once(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """Both sends are answered like one."""
    client, fields = as_user(coordinator), typed(23)
    assert [client.post(page_of(visit), fields).status_code for _ in range(2)] == [302, 302]
    assert visit.assessments.count() == 1


def test_a_save_and_a_correction_ask_the_database_little(
    visit: Visit, coordinator: User, as_user: AsUser, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    """Nothing is fetched twice, and nobody is asked twice whether they may."""
    client = as_user(coordinator)
    client.get(page_of(visit))
    with django_assert_max_num_queries(25):
        assert client.post(page_of(visit), typed(23)).status_code == 302
    with django_assert_max_num_queries(25):
        change = typed(24, version="1", reason="misread")
        assert client.post(page_of(visit), change).status_code == 302


def test_a_save_writes_what_it_saves_and_opens_no_cursor(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """Who has visits to come is not written to: an update of nobody would still run what guards a participant's row. And the
    ratings of one course come in one answer; a cursor of the server takes three more."""
    client = as_user(coordinator)
    client.get(page_of(visit))
    with CaptureQueriesContext(connection) as queries:
        assert client.post(page_of(visit), typed(23)).status_code == 302
    statements = [query["sql"].split(maxsplit=3)[:3] for query in queries]
    updated = {words[1].strip('"') for words in statements if words[0].lower() == "update"}
    assert updated == {"enrollment_visit", "accounts_session"}
    assert not [words for words in statements if words[0] == "DECLARE"]


@pytest.mark.requirement("ENT-01")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("item_HAMD101", "9", "9 is not possible: item 1 ranges from 0 to 4"),
        ("item_HAMD101", "x", "“x” is not a whole number"),
        ("item_HAMD101", "9" * 5000, "999” is not a whole number"),
        ("item_HAMD101", "2.5", "“2.5” is not a whole number"),
        ("item_HAMD101", "", "Choose a value, or give the reason"),
        ("performed_on", "2026-13-40", "This is not a date"),
        ("performed_on", "2999-01-01", "This date is in the future"),
        ("rater", "", "Enter the name of the rater"),
        ("lookback_days", "900", "60"),
        ("performed_time", "25:00", "Enter the time as 14:30"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    field: str, value: str, said: str, visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """422, the field with its sentence, the same form token; nothing is saved."""
    fields = typed(20, item_HAMD102="3") | {field: value}
    answer = as_user(coordinator).post(page_of(visit), fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert fields["form_token"] in page
    assert not visit.assessments.exists()


@pytest.mark.requirement("ENT-01")
def test_everything_that_is_wrong_is_said_at_once(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """What cannot be read and what cannot be, each once and by its field; nothing that was typed is lost."""
    wrong = {
        "item_HAMD101": "9",
        "item_HAMD102": "x",
        "item_HAMD104": "",
        "performed_on": "2026-13-40",
        "performed_time": "25:00",
        "lookback_days": "7",
        "rater": "",
    }
    page = as_user(coordinator).post(page_of(visit), typed(20, item_HAMD103="3") | wrong).content.decode()
    for said in (
        "9 is not possible: item 1 ranges from 0 to 4", "“x” is not a whole number", "Choose a value, or give the reason",
        "This is not a date", "Enter the time as 14:30", "Enter the name of the rater",
    ):  # fmt: skip
        assert said in page, said
    assert "Enter the date" not in page
    assert page.count('href="#row_item_HAMD102"') == 1
    for kept in ('value="2026-13-40"', 'value="25:00"', 'value="7"'):
        assert kept in page, kept
    assert re.search(r'id="item_HAMD103_3"\s+value="3"\s+checked', page)
    assert not visit.assessments.exists()


@pytest.mark.requirement("ENT-01")
@pytest.mark.parametrize("date_typed", ["2999-01-01", "nonsense"])
def test_a_change_without_a_reason_is_told_with_the_rest(
    date_typed: str, visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """One round for everything, whether the date can be read or not."""
    rate(visit, 20, coordinator, on=date.today() - timedelta(days=9))
    wrong = typed(20, item_HAMD101="9", performed_on=date_typed, version="1", reason=" ")
    page = as_user(coordinator).post(page_of(visit), wrong).content.decode()
    assert "You are changing a saved rating. Give the reason" in page
    assert "9 is not possible" in page
    assert ("is in the future" if date_typed == "2999-01-01" else "This is not a date") in page


@pytest.mark.requirement("ENT-07")
@pytest.mark.parametrize("when", ["in the future", "before the consent date"])
def test_a_date_that_cannot_be_is_refused_and_not_asked_about(
    when: str, visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """A day to come at the site, or before consent: no answer could make it right, so the page does not ask."""
    tomorrow = today_at(visit.participant.site) + timedelta(days=1)
    consented_on = visit.participant.consented_on
    assert consented_on
    day = tomorrow if when == "in the future" else consented_on - timedelta(days=1)
    page = as_user(coordinator).post(page_of(visit), typed(23, performed_on=day.isoformat())).content.decode()
    assert f"This date is {when}" in page
    assert "is the date correct?" not in page
    assert "id_kept_because" not in page


@pytest.mark.requirement("ENT-07")
def test_a_date_out_of_the_window_is_asked_about_before_the_save(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """With the days and the window; nothing is saved, what was typed stays; kept with a comment, it is a query that is
    answered already: no task for whoever has just said why."""
    client, today = as_user(coordinator), today_at(visit.participant.site)
    fields = typed(23, performed_on=today.isoformat())
    asked = client.post(page_of(visit), fields)
    assert asked.status_code == 422
    assert visit.latest_on
    late = (today - visit.latest_on).days
    assert f"{date_format(today)} is {late} days after the window" in asked.content.decode()
    assert "Please correct" not in asked.content.decode()
    assert not visit.assessments.exists()
    kept = fields | {"asked_on": date_format(today), "kept_because": "came late, was abroad"}
    assert client.post(page_of(visit), kept | {"kept_because": " "}).status_code == 422
    assert client.post(page_of(visit), kept).status_code == 302
    query = Query.objects.get(check_id="RATING-OUT-OF-WINDOW")
    assert query.status == Query.Status.ANSWERED
    assert [(m.text, m.written_by) for m in query.messages.all()][1] == ("came late, was abroad", coordinator)


@pytest.mark.requirement("ENT-07")
def test_another_date_is_asked_about_anew_and_a_saved_one_is_not(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """A comment on one date is none on another; a correction of an item does not ask again."""
    client, today = as_user(coordinator), today_at(visit.participant.site)
    other = date_format(today - timedelta(days=1))
    fields = typed(23, performed_on=other, asked_on=date_format(today), kept_because="was abroad")
    assert "days after the window" in client.post(page_of(visit), fields).content.decode()
    assert client.post(page_of(visit), fields | {"asked_on": other}).status_code == 302
    change = typed(24, performed_on=other, version="1", reason="misread")
    assert client.post(page_of(visit), change).status_code == 302
    assert visit.assessments.get().total == 24


@pytest.mark.requirement("ENT-07")
def test_what_is_wrong_and_what_is_asked_come_together(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    today = today_at(visit.participant.site)
    page = as_user(coordinator).post(page_of(visit), typed(23, performed_on=today.isoformat(), rater=""))
    assert "is the date correct?" in page.content.decode()
    assert "Enter the name of the rater" in page.content.decode()


@pytest.mark.requirement("ENT-01")
def test_an_empty_save_says_how_many_items_are_open(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """Once, with the way to the first; each stays marked in its row."""
    fields = {name: value for name, value in typed().items() if not name.startswith("item_")}
    answer = as_user(coordinator).post(page_of(visit), fields)
    lines = answer.context["page"].error_lines
    assert [(line.label, line.anchor) for line in lines] == [("17 items missing", "row_item_HAMD101")]
    assert answer.content.decode().count("has-error") == 17


def test_a_locked_rating_is_read_not_typed(
    visit: Visit, coordinator: User, investigator: User, make_user: MakeUser, as_user: AsUser
) -> None:
    """Its form leads to what is saved, and says why; unlocked, it opens again."""
    enter(visit, entry(20), coordinator)
    visit.refresh_from_db()
    sign(visit.participant, visit, by=investigator, meaning="Seen")
    manager = make_user("datamanager")
    locked = lock(visit.participant.study, visit.participant, visit, by=manager, reason="clean")
    client = as_user(coordinator)
    page = client.get(page_of(visit), follow=True)
    assert page.redirect_chain[0][0] == f"/visits/{visit.pk}/#rating-HAMD17"
    assert "This record is locked" in page.content.decode()
    decide_unlock(
        request_unlock(locked, by=coordinator, reason="a date"), by=manager, approved=True, reason="yes"
    )
    assert client.get(page_of(visit)).status_code == 200


@pytest.mark.requirement("AUD-03")
def test_a_history_is_in_words_and_on_the_sites_clock(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """Items by name, dates as people write them, reasons by their label, one zone on the page."""
    later = today_at(visit.participant.site) - timedelta(days=8)
    saved = enter(visit, entry(20, later - timedelta(days=1)), coordinator)
    values = items(20) | {"HAMD117": None}
    change = entry(20, later, items=values, missing={"HAMD117": "refused"})
    correct(saved, change, by=coordinator, version=1, reason="misread")
    page = as_user(coordinator).get(f"/visits/{visit.pk}/").content.decode()
    history = page[page.index("History of this rating") :]
    assert f"now {date_format(later)}" in history
    assert later.isoformat() not in history
    assert "Participant did not answer" in history
    assert "17 Insight" in history
    assert "HAMD117" not in history[: history.index("</details>")]
    zone = timezone.now().astimezone(ZoneInfo(visit.participant.site.timezone)).tzname()
    assert f" {zone} " in history
    assert " UTC" not in page


def test_a_draft_is_kept_for_its_writer_alone(
    visit: Visit, coordinator: User, colleague: User, as_user: AsUser
) -> None:
    """It comes back on the form, is no data, and nobody else sees it."""
    client = as_user(coordinator)
    answer = client.post(
        f"{page_of(visit)}draft/", {"item_HAMD101": "3", "rater": "Rita Draft", "other": "x"}
    )
    assert re.fullmatch(r"\d\d:\d\d:\d\d", answer.json()["saved"])
    assert Draft.objects.get().fields == {"item_HAMD101": "3", "rater": "Rita Draft"}
    assert "Rita Draft" in client.get(page_of(visit)).content.decode()
    assert not visit.assessments.exists()
    assert "Rita Draft" not in as_user(colleague).get(page_of(visit)).content.decode()


def test_a_draft_is_replaced_and_goes_with_the_save(
    visit: Visit, coordinator: User, colleague: User, as_user: AsUser
) -> None:
    """One for a person and a form; the colleague's stays theirs."""
    keep_draft(visit, "HAMD17", ITEM_1_IS_2, by=colleague)
    client = as_user(coordinator)
    for value in ("1", "3"):
        client.post(f"{page_of(visit)}draft/", {"item_HAMD101": value})
    assert Draft.objects.get(user=coordinator).fields == {"item_HAMD101": "3"}
    client.post(page_of(visit), typed(20))
    assert list(Draft.objects.values_list("user", flat=True)) == [colleague.pk]


def test_a_draft_is_thrown_away_on_request(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """Saved data stay."""
    keep_draft(visit, "HAMD17", ITEM_1_IS_2, by=coordinator)
    answer = as_user(coordinator).post(f"{page_of(visit)}draft/discard/", follow=True)
    assert "draft was discarded" in answer.content.decode()
    assert not Draft.objects.exists()


def test_a_draft_survives_a_refused_form(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """What was typed is not lost by an error."""
    keep_draft(visit, "HAMD17", ITEM_1_IS_2, by=coordinator)
    as_user(coordinator).post(page_of(visit), typed(20, rater=""))
    assert Draft.objects.get().fields == {"item_HAMD101": "2"}


def test_a_drafts_cells_are_bounded(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """A field of any length is cut, not refused: a draft is no data."""
    as_user(coordinator).post(f"{page_of(visit)}draft/", {"rater": "x" * 100_000})
    assert len(Draft.objects.get().fields["rater"]) == 500


@pytest.mark.parametrize("role", ["monitor", "datamanager", "safety", "auditor"])
def test_only_who_enters_keeps_drafts(role: str, visit: Visit, make_user: MakeUser, as_user: AsUser) -> None:
    """The page refuses, and so does the service itself."""
    person = make_user(role)
    assert as_user(person).post(f"{page_of(visit)}draft/", {"rater": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        keep_draft(visit, "HAMD17", AssessmentText({}, {}, rater="x"), by=person)
    assert not Draft.objects.exists()


def test_two_people_on_a_first_rating(
    visit: Visit, coordinator: User, colleague: User, as_user: AsUser
) -> None:
    """The second is answered 409 with both values and the first's name; what they typed is still there."""
    as_user(colleague).post(page_of(visit), typed(20, item_HAMD101="1", item_HAMD102="4"))
    mine = typed(20, item_HAMD101="3", item_HAMD102="4", rater="Second Rater")
    answer = as_user(coordinator).post(page_of(visit), mine)
    assert answer.status_code == 409
    conflict = answer.context["page"].conflict
    rows = {row.field: (row.mine, row.theirs) for row in conflict.rows}
    assert rows == {"rater": ("Second Rater", "Rita Rater"), "item_HAMD101": ("3", "1")}
    assert conflict.by == colleague.printed_name
    page = answer.content.decode()
    assert 'data-value="3"' in page
    assert 'data-value="1"' in page


def test_after_a_conflict_the_choice_is_saved_with_a_reason(
    visit: Visit, coordinator: User, colleague: User, as_user: AsUser
) -> None:
    """The page carries the saved version; sending it again needs a reason and then holds."""
    as_user(colleague).post(page_of(visit), typed(20))
    client, mine = as_user(coordinator), typed(26)
    answer = client.post(page_of(visit), mine)
    version = str(answer.context["page"].saved.version)
    assert version == "1"
    assert client.post(page_of(visit), mine | {"version": version}).status_code == 422
    reason = {"version": version, "reason": "rated together, mine is right"}
    assert client.post(page_of(visit), mine | reason).status_code == 302
    assert (visit.assessments.get().total, visit.assessments.get().version) == (26, 2)


@pytest.mark.requirement("ENT-03")
def test_two_people_correcting_one_rating(
    visit: Visit, coordinator: User, colleague: User, as_user: AsUser
) -> None:
    """The conflict names who saved last, not who entered it first."""
    saved = enter(visit, entry(20), coordinator)
    correct(saved, entry(24), by=colleague, version=1, reason="misread")
    answer = as_user(coordinator).post(page_of(visit), typed(28, version="1", reason="other page"))
    assert answer.status_code == 409
    assert colleague.printed_name in answer.context["page"].conflict.by
    assert visit.assessments.get().total == 24


def test_a_change_without_a_reason_is_answered_at_its_field(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    """422, and the saved rating stands."""
    enter(visit, entry(20), coordinator)
    answer = as_user(coordinator).post(page_of(visit), typed(24, version="1"))
    assert answer.status_code == 422
    assert "Give the reason for the audit trail" in answer.content.decode()
    assert visit.assessments.get().total == 20


def test_a_rater_does_not_see_earlier_scores(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """Neither the total nor the answers of another visit are on the page where one rates."""
    first = visit.period
    assert first
    assert first.dosed_on
    rate(first.visits.get(code="BASELINE"), 47, coordinator, on=first.dosed_on)
    page = as_user(coordinator).get(page_of(visit)).content.decode()
    assert "<form" in page
    assert not re.search(r"\b47\b", page)
    assert "checked" not in page


def test_a_visit_without_ratings_opens_the_form(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """And shows what was rated once it is; who may not enter sees that nothing is there yet."""
    client = as_user(coordinator)
    assert client.get(f"/visits/{visit.pk}/")["Location"] == page_of(visit)
    enter(visit, entry(23), coordinator)
    assert "23" in client.get(f"/visits/{visit.pk}/").content.decode()


def test_a_strangers_visit_is_404_and_a_small_role_403(
    visit: Visit, make_user: MakeUser, other_site: Site, as_user: AsUser
) -> None:
    """A coordinator of another site learns nothing, not even that it exists."""
    assert as_user(make_user("coordinator", other_site)).get(page_of(visit)).status_code == 404
    assert as_user(make_user("monitor")).get(page_of(visit)).status_code == 403
    assert as_user(make_user("monitor")).get(f"/visits/{visit.pk}/").status_code == 200


def test_an_instrument_the_visit_does_not_want_is_404(
    visit: Visit, coordinator: User, as_user: AsUser
) -> None:
    assert as_user(coordinator).get(f"/visits/{visit.pk}/ratings/MADRS/").status_code == 404


def test_a_missed_visit_is_said_on_the_form(visit: Visit, coordinator: User, as_user: AsUser) -> None:
    """Sent from a page opened before: refused with what to do."""
    services.mark_missed(visit, by=coordinator, reason="abroad")
    answer = as_user(coordinator).post(page_of(visit), typed(20))
    assert answer.status_code == 422
    assert "Mark it as not missed" in answer.content.decode()
