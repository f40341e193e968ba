"""Questions about dates: one for one cause, closed by themselves when nothing gives cause any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from assessments.review.lists import QUERY_COLUMNS, query_table
from assessments.timing.figures import figures
from enrollment.models import Participant, Period
from enrollment.selectors import today_at
from tests.assessments.importing import HEADER, run
from tests.conftest import MakeUser, items, rate
from tests.enrollment.steps import days, dose, period, plan
from trialsite.accounts.models import Site, User
from trialsite.review.models import Query
from trialsite.review.services import answer, close

pytestmark = pytest.mark.django_db
VISITS = {"BASELINE": 0, "DAY1": 1, "DAY3": 3, "DAY5": 5, "DAY7": 7, "DAY14": 14}
BEFORE, AFTER, WINDOW = "RATING-BEFORE-DOSE", "RATING-AFTER-DOSE", "RATING-OUT-OF-WINDOW"


@pytest.fixture
def today(site: Site) -> date:
    return today_at(site)


@pytest.fixture
def data_manager(make_user: MakeUser) -> User:
    return make_user("datamanager")


@pytest.fixture
def given(randomised: Participant, coordinator: User, today: date) -> Period:
    return dose(randomised, 1, today - days(60), coordinator)


@pytest.fixture
def rated(given: Period, coordinator: User) -> Participant:
    """All six ratings of the first period, each on its day."""
    for code in VISITS:
        rate_on(given, code, VISITS[code], coordinator)
    return given.participant


def rate_on(at: Period, code: str, day: int, by: User) -> None:
    """Rate this visit so many days after the dose as it was first recorded."""
    assert at.dosed_on
    visit = at.visits.get(code=code)
    rate(visit, 20, by, on=at.dosed_on + days(day))


def redate_rating(participant: Participant, code: str, by: User, day: int) -> None:
    """Correct the date of this rating of period 1 to so many days after the dose."""
    rating = participant.assessments.get(visit__period__number=1, visit__code=code)
    dosed = period(participant, 1).dosed_on
    assert dosed
    entry = AssessmentEntry(items=items(20), rater="R", performed_on=dosed + days(day))
    correct(rating, entry, by=by, version=rating.version, reason="wrong day")


def move(participant: Participant, by_days: int, by: User) -> None:
    dosed = period(participant, 1).dosed_on
    assert dosed
    dose(participant, 1, dosed + days(by_days), by, reason="read in the notes")


def queries(participant: Participant, *, open_only: bool = True) -> list[tuple[str, str]]:
    """(check, where) of each: the visit's code, or the number of the dose."""
    found = Query.objects.filter(participant=participant).exclude(check_id="").order_by("pk")
    if open_only:
        found = found.exclude(status=Query.Status.CLOSED)
    return [(query.check_id, query.visit.code if query.visit else query.field) for query in found]


@pytest.mark.requirement("QRY-02")
def test_a_redated_dose_asks_once_and_closes_by_itself(rated: Participant, coordinator: User) -> None:
    """Four days later: two ratings lie before the dose, six out of their windows. One question, at the dose; with the date
    as it was it closes, and the trail keeps both turns."""
    move(rated, 4, coordinator)
    assert queries(rated) == [(BEFORE, "1")]
    move(rated, -4, coordinator)
    assert queries(rated) == []
    query = Query.objects.get(participant=rated, check_id=BEFORE)
    assert list(query.messages.values_list("kind", flat=True)) == ["raised", "closed"]


@pytest.mark.parametrize(("by_days", "check"), [(30, BEFORE), (-20, AFTER), (2, BEFORE), (-3, AFTER)])
def test_however_far_it_is_one(rated: Participant, coordinator: User, by_days: int, check: str) -> None:
    move(rated, by_days, coordinator)
    assert queries(rated) == [(check, "1")]


def test_a_dose_that_leaves_ratings_out_of_window_alone(given: Period, coordinator: User) -> None:
    """No rating on the wrong side: the window is what is asked about, once for three ratings."""
    for code in ("DAY5", "DAY7", "DAY14"):
        rate_on(given, code, VISITS[code], coordinator)
    move(given.participant, -10, coordinator)
    assert queries(given.participant) == [(WINDOW, "1")]


def test_moved_twice_it_is_still_one(rated: Participant, coordinator: User) -> None:
    """The weight may change; what is asked is one question."""
    move(rated, 4, coordinator)
    move(rated, 1, coordinator)
    assert queries(rated) == [(BEFORE, "1")]
    move(rated, -15, coordinator)
    assert queries(rated) == [(AFTER, "1")]


def test_one_typed_rating_asks_at_that_rating(given: Period, coordinator: User) -> None:
    rate_on(given, "DAY3", 9, coordinator)
    assert queries(given.participant) == [(WINDOW, "DAY3")]
    redate_rating(given.participant, "DAY3", coordinator, 3)
    assert queries(given.participant) == []


def test_a_rating_typed_before_the_dose_asks_one_question(given: Period, coordinator: User) -> None:
    """It lies out of its window as well; the graver is asked about."""
    rate_on(given, "DAY1", -2, coordinator)
    assert queries(given.participant) == [(BEFORE, "DAY1")]
    redate_rating(given.participant, "DAY1", coordinator, 6)
    assert queries(given.participant) == [(WINDOW, "DAY1")]


def test_ratings_put_right_one_by_one_close_the_question_of_the_dose(
    rated: Participant, coordinator: User
) -> None:
    """The dose was right and the ratings were wrong: no rating is asked about on the way."""
    move(rated, 2, coordinator)
    for code in ("BASELINE", "DAY1", "DAY3", "DAY5", "DAY7"):
        assert len(queries(rated)) == 1
        redate_rating(rated, code, coordinator, VISITS[code])
    assert queries(rated) == []
    assert len(queries(rated, open_only=False)) == 2


def test_what_was_closed_is_not_asked_again_of_the_same_date(
    given: Period, coordinator: User, data_manager: User
) -> None:
    """A correction of an item leaves the date as it was; another dose gives new cause."""
    rate_on(given, "DAY3", 9, coordinator)
    query = Query.objects.get(participant=given.participant, check_id=WINDOW)
    answer(query, by=coordinator, text="It was late.")
    close(query, by=data_manager, text="Thank you.")
    redate_rating(given.participant, "DAY3", coordinator, 9)
    assert queries(given.participant) == []
    move(given.participant, 14, coordinator)
    assert queries(given.participant) == [(BEFORE, "1")]


def test_what_a_typed_rating_asks_stays_its_own(given: Period, coordinator: User) -> None:
    """On the day of the dose, so out of its window; then the dose moves, and both ratings lie before it: one question
    more, at the dose. When the dose is put right the first stands as it stood."""
    rate_on(given, "DAY1", 0, coordinator)
    rate_on(given, "DAY3", 2, coordinator)
    assert queries(given.participant) == [(WINDOW, "DAY1")]
    move(given.participant, 4, coordinator)
    assert queries(given.participant) == [(WINDOW, "DAY1"), (BEFORE, "1")]
    move(given.participant, -4, coordinator)
    assert queries(given.participant) == [(WINDOW, "DAY1")]
    move(given.participant, -1, coordinator)
    assert queries(given.participant) == []


def test_a_rating_that_was_not_done_after_all_asks_nothing(given: Period, coordinator: User) -> None:
    rate_on(given, "DAY1", -2, coordinator)
    rating = given.participant.assessments.get(visit__code="DAY1")
    entry = AssessmentEntry(items={}, rater="R", not_done_reason="another person's")
    correct(rating, entry, by=coordinator, version=1, reason="another person's")
    assert queries(given.participant) == []


def test_a_plan_that_moves_says_nothing_of_what_happened(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """A baseline before a dose that is planned anew is asked about when the dose was given, not before."""
    plan(randomised, 1, today, coordinator)
    rate(period(randomised, 1).visits.get(code="BASELINE"), 20, coordinator, on=today)
    plan(randomised, 1, today + days(5), coordinator, reason="ill")
    assert queries(randomised) == []


def test_a_baseline_left_behind_by_the_dose_is_asked_about_at_the_dose(
    randomised: Participant, coordinator: User, today: date
) -> None:
    plan(randomised, 1, today - days(9), coordinator)
    rate(period(randomised, 1).visits.get(code="BASELINE"), 20, coordinator, on=today - days(9))
    dose(randomised, 1, today - days(4), coordinator)
    assert queries(randomised) == [(WINDOW, "1")]


def test_two_periods_are_two_causes(rated: Participant, coordinator: User, today: date) -> None:
    """And the washout's question stands beside them: it is another rule."""
    second = dose(rated, 2, today - days(20), coordinator)
    rate_on(second, "DAY1", 1, coordinator)
    move(rated, 2, coordinator)
    dose(rated, 2, today - days(18), coordinator, reason="read in the notes")
    assert sorted(queries(rated)) == [(BEFORE, "1"), (BEFORE, "2")]
    assert {query.form for query in Query.objects.open().filter(participant=rated)} == {"dosing"}


def test_the_text_of_a_question_names_no_figure(rated: Participant, coordinator: User) -> None:
    """It outlives the dates it was raised for."""
    redate_rating(rated, "DAY14", coordinator, 40)
    move(rated, 4, coordinator)
    texts = [query.messages.get(kind="raised").text for query in Query.objects.filter(participant=rated)]
    assert len(texts) == 2
    assert not any(char.isdigit() for text in texts for char in text.replace("Infusion 1", ""))


def told(participant: Participant) -> dict[str, str]:
    """By what is asked about: the figures of the query now."""
    asked = Query.objects.filter(participant=participant).exclude(check_id="")
    return {
        query.visit.code if query.visit else query.field: figures([query]).get(query.pk, "")
        for query in asked
    }


def test_the_figures_are_those_of_now(rated: Participant, coordinator: User) -> None:
    """Each rating that the dose leaves wrong, with how; after another correction other figures, and the text stands."""
    move(rated, 4, coordinator)
    query = Query.objects.get(participant=rated)
    text = query.messages.get().text
    dosed = period(rated, 1).dosed_on
    assert dosed
    window = f"{date_format(dosed)} – {date_format(dosed)}"
    assert told(rated)["1"].startswith(
        f"Baseline: {date_format(dosed - days(4))} is 4 days before the window ({window});"
        f" Day 1: {date_format(dosed - days(3))} is before Infusion 1 of {date_format(dosed)}, and does not count; Day 3:"
    )
    assert len(told(rated)["1"].split("; ")) == 6
    move(rated, -1, coordinator)
    assert f"before Infusion 1 of {date_format(dosed - days(1))}" in told(rated)["1"]
    assert query.messages.get().text == text
    move(rated, -3, coordinator)
    assert told(rated) == {"1": ""}


def test_the_figures_stand_wherever_the_question_is_read(
    rated: Participant, coordinator: User, data_manager: User, as_user: Callable[[User], Client]
) -> None:
    """On the participant's page, in the list and its file, on the work list; and at a rating on its visit's page."""
    redate_rating(rated, "DAY14", coordinator, 40)
    move(rated, 4, coordinator)
    dosed = period(rated, 1).dosed_on
    assert dosed
    day1 = f"Day 1: {date_format(dosed - days(3))} is before Infusion 1 of {date_format(dosed)}"
    client = as_user(coordinator)
    page = client.get(f"/studies/KETNAL/participants/{rated.code}/").content.decode()
    assert day1 in page
    assert day1 in client.get("/studies/KETNAL/").content.decode()
    visit = rated.visits.get(period__number=1, code="DAY14")
    assert "days after the window" in client.get(f"/visits/{visit.pk}/").content.decode()
    listed = as_user(data_manager).get("/studies/KETNAL/queries/").content.decode()
    assert day1 in listed
    place = QUERY_COLUMNS.index("now")
    assert [day1 in str(row[place]) for row in query_table(Query.objects.all())] == [False, True]


def test_many_queries_cost_no_more_reads_than_one(
    rated: Participant, coordinator: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for code in ("DAY1", "DAY3", "DAY14"):
        redate_rating(rated, code, coordinator, 40)
    asked = list(Query.objects.filter(participant=rated).select_related("visit__period"))
    assert len(asked) == 3
    with django_assert_num_queries(1):
        assert all(figures(asked).values())


def test_the_figures_read_what_is_asked_about_and_no_more(
    rated: Participant, coordinator: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    """Of six ratings the one that a question is about, and of that the dates alone: lists show fifty at a time."""
    redate_rating(rated, "DAY3", coordinator, 40)
    query = Query.objects.select_related("visit__period").get(participant=rated)
    with django_assert_num_queries(1) as reads, counted(Assessment) as ratings:
        assert figures([query])[query.pk]
    assert len(ratings) == 1
    assert "items" not in reads.captured_queries[0]["sql"]


def test_lists_of_queries_do_not_read_the_protocol_again(
    rated: Participant, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    """A protocol is parsed once a process; its text beside each query would be most of what a page reads."""
    redate_rating(rated, "DAY3", coordinator, 40)
    client = as_user(coordinator)
    for page in ("", "queries/", f"participants/{rated.code}/"):
        client.get(f"/studies/KETNAL/{page}")
        with CaptureQueriesContext(connection) as reads:
            assert client.get(f"/studies/KETNAL/{page}").status_code == 200
        of_queries = [query["sql"] for query in reads if 'FROM "review_query"' in query["sql"]]
        assert of_queries
        assert not [sql for sql in of_queries if '"enrollment_protocolversion"."document"' in sql]


@contextmanager
def counted(model: type[Model]) -> Iterator[list[Model]]:
    """The rows of `model` that are made objects of."""
    made: list[Model] = []

    def note(instance: Model, **_: object) -> None:
        made.append(instance)

    post_init.connect(note, sender=model)
    try:
        yield made
    finally:
        post_init.disconnect(note, sender=model)


def test_an_import_asks_as_the_browser_does(given: Period, tmp_path: Path) -> None:
    """One question for each date that is wrong, none for one in order; corrected by a second file, they close."""
    assert given.dosed_on
    person = given.participant
    rows = {"DAY1": -2, "DAY3": 9, "DAY5": 5}
    bring(tmp_path, person, {code: given.dosed_on + days(day) for code, day in rows.items()})
    assert queries(person) == [(BEFORE, "DAY1"), (WINDOW, "DAY3")]
    bring(tmp_path, person, {code: given.dosed_on + days(day) for code, day in rows.items()})
    assert len(queries(person, open_only=False)) == 2
    right = {
        "DAY1": given.dosed_on + days(6),
        "DAY3": given.dosed_on + days(3),
        "DAY5": given.dosed_on + days(5),
    }
    bring(tmp_path, person, right)
    assert queries(person) == [(WINDOW, "DAY1")]


def test_an_import_closes_the_question_of_the_dose(
    rated: Participant, coordinator: User, tmp_path: Path
) -> None:
    move(rated, 30, coordinator)
    dosed = period(rated, 1).dosed_on
    assert dosed
    bring(tmp_path, rated, {code: dosed + days(day) for code, day in VISITS.items()})
    assert queries(rated) == []
    assert len(queries(rated, open_only=False)) == 1


def bring(folder: Path, participant: Participant, dates: dict[str, date]) -> None:
    """Import ratings of period 1 of these dates."""
    values = items(20)
    lines = [HEADER.removesuffix("total") + ",".join(values)]
    cells = ",".join(map(str, values.values()))
    lines += [f"01,{participant.code},1,{code},{on},HAMD17,{cells}" for code, on in dates.items()]
    file = folder / "ratings.csv"
    file.write_text("\n".join(lines))
    done = run(file, "KETNAL", "--reason", "source")
    assert (done.error, done.problems) == ("", [])
