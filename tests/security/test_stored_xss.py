"""What people type stays text, on every page that shows it."""

import uuid
from typing import Any

import pytest

from analysis.exports.services import record_export
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.codec import AssessmentText
from assessments.rating.services import complete, correct, keep_draft
from enrollment import services
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.access.conftest import Person, signed_in
from tests.access.crawl import crawl, refused
from tests.access.places import Places
from tests.conftest import items
from tests.enrollment.steps import leave
from tests.security.corpus import ALL_IN_ONE, HOSTILE, MARK, became_markup
from tests.treatments import add_treatment, strike_out
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.accounts.services import end_role, grant_role, invite
from trialsite.review import services as review
from trialsite.review.services import Place

READERS = [
    "coordinator",
    "investigator",
    "monitor",
    "datamanager",
    "safety",
    "auditor",
    "admin",
    "statistician",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_probe_sees_each_of_the_corpus_when_unescaped(text: str) -> None:
    """The tests' own teeth: in a text, an attribute, a script or a textarea, at least one place lets it out."""
    pages = [
        f"<p>{text}</p>",
        f'<a title="{text}" href="/">x</a>',
        f"<a title='{text}' href='/'>x</a>",
        f'<a href="{text}">x</a>',
        f"<script>{text}</script>",
        f"<textarea>{text}</textarea>",
        f"<title>{text}</title>",
        f"<!-- {text} -->",
    ]
    harmless = text.startswith(("{{", "&lt;"))
    assert any(became_markup(page) for page in pages) != harmless


def _type_everywhere(places: Places, people: dict[str, User]) -> None:
    """A hostile string in every text field that a person can fill, through the services."""
    coordinator, investigator = people["coordinator"], people["investigator"]
    manager, admin = people["datamanager"], people["admin"]
    for text in [*HOSTILE, ALL_IN_ONE]:
        add_treatment(places.screening, by=coordinator, kind="OTHER", name=text[:100], weeks=3)
        [query] = review.raise_queries([Place(places.participant, places.visit)], by=manager, text=text)
        review.answer(query, by=coordinator, text=text)
        review.ask_again(query, by=manager, text=text)
        record_export(places.study, by=manager, via="browser", reason=text)
    text = ALL_IN_ONE
    strike_out(places.treatment, by=coordinator, reason=text)
    _rate(places, coordinator)
    typed = AssessmentText(items={}, missing={}, rater=text, reason=text, not_done_reason=text)
    keep_draft(places.visit, "HAMD17", typed, by=coordinator)
    site = places.participant.site
    leaver = services.screen(site, by=coordinator, consented_on=today_at(site), age=40, sex="F")
    leave(leaver, investigator, text)
    planned = places.study.participants.filter(
        site=site, visits__status="planned", status="randomised"
    ).first()
    if planned:
        services.mark_missed(
            planned.visits.filter(status="planned").order_by("-day")[0], by=investigator, reason=text
        )
    review.unverify(places.verification, by=people["monitor"], reason=text)
    review.decide_unlock(places.unlock, by=manager, approved=True, reason=text)
    review.end_unlock(places.unlock, by=manager)
    review.request_unlock(places.lock, by=investigator, reason=text)
    user = invite(
        places.study,
        by=admin,
        username=f"x{uuid.uuid4().hex[:8]}",
        printed_name=text,
        email="",
        role="monitor",
        site=None,
    )
    end_role(grant_role(user, places.study, by=admin, role="auditor", site=None), by=admin, reason=text)
    with audit_context(User.objects.system(), reason=text):
        coordinator.printed_name = text
        coordinator.save()
        places.study.short_title = text
        places.study.save()
        site.name = text
        site.save()


def _rate(places: Places, by: User) -> None:
    treated = Assessment.objects.filter(
        participant=places.participant, status="complete", visit__period__number=1
    )
    rating = treated.order_by("pk")[0]
    entry = AssessmentEntry(items=items(21), rater=ALL_IN_ONE, performed_on=rating.performed_on)
    correct(rating, entry, by=by, version=rating.version, reason=ALL_IN_ONE)
    undone = Participant.objects.filter(
        site=places.participant.site, visits__status="planned", status="randomised"
    )
    for participant in undone[:1]:
        visit = (
            participant.visits.filter(status="planned", period__dosed_on__isnull=False)
            .order_by("day")
            .first()
        )
        if visit:
            complete(
                visit, "HAMD17", AssessmentEntry(items={}, rater=ALL_IN_ONE, performed_on=today_at(participant.site),
                not_done_reason=ALL_IN_ONE), by=by, form_token=uuid.uuid4(),
            )  # fmt: skip


@pytest.fixture(scope="module")
def typed(places: Places, people: dict[Person, User]) -> dict[str, User]:
    named = {role: User.objects.get(username=role) for role in READERS}
    _type_everywhere(places, named)
    return named


def _shown(page: str) -> bool:
    return MARK in page


@pytest.mark.requirement("WEB-01")
@pytest.mark.parametrize("role", READERS)
def test_nothing_typed_becomes_markup(role: str, places: Places, typed: dict[str, User]) -> None:
    """Every page and fragment that this role can reach; several of them do show what was typed. No link that they are
    shown leads to a refusal."""
    client = signed_in(typed[role])
    starts = [
        f"/visits/{places.visit.pk}/",
        f"/studies/KETNAL/participants/{places.screening.code}/",
        f"/studies/KETNAL/participants/{places.screening.code}/treatments/",
        f"/visits/{places.visit.pk}/ratings/HAMD17/",
        f"/queries/{places.query.pk}/answer/",
        f"/unlocks/{places.unlock.pk}/",
        "/studies/KETNAL/people/",
        "/studies/KETNAL/export/",
        f"/studies/KETNAL/participants/{places.participant.code}/outcomes/",
    ]
    linked = crawl(client, "/")
    assert refused(linked) == {}
    answers = linked | crawl(client, *starts, known=linked)
    pages = {
        address: got.content.decode(errors="replace")
        for address, got in answers.items()
        if dict(got.headers)["Content-Type"].startswith(("text/html", "image/svg"))
    }
    assert {address: became for address, page in pages.items() if (became := became_markup(page))} == {}
    assert sum(_shown(page) for page in pages.values()) >= 3
    assert all(got.status < 500 for got in answers.values() if "readyz" not in "".join(dict(got.headers)))


def test_what_is_sent_back_after_a_mistake_is_text(places: Places, typed: dict[str, User]) -> None:
    """Forms that are refused show what was typed; so do filters."""
    posts: list[tuple[str, str, dict[str, Any]]] = [
        ("coordinator", "/studies/KETNAL/participants/new/", {"age": ALL_IN_ONE, "consented_on": ALL_IN_ONE}),
        ("coordinator", f"/visits/{places.visit.pk}/ratings/HAMD17/", {"rater": ALL_IN_ONE, "reason": ALL_IN_ONE,
         "performed_on": ALL_IN_ONE, "not_done_reason": ALL_IN_ONE}),
        ("coordinator", f"/queries/{places.query.pk}/answer/", {"text": "", "next": ALL_IN_ONE}),
        ("admin", "/studies/KETNAL/people/new/", {"username": ALL_IN_ONE, "printed_name": ALL_IN_ONE,
         "email": ALL_IN_ONE, "role": ALL_IN_ONE}),
        ("investigator", f"/periods/{places.period.pk}/plan/", {"planned_on": ALL_IN_ONE, "reason": ALL_IN_ONE,
         "version": ALL_IN_ONE}),
    ]  # fmt: skip
    for role, address, data in posts:
        page = signed_in(typed[role]).post(address, data).content.decode()
        assert became_markup(page) == [], address
    filters: list[tuple[str, str]] = [
        ("auditor", "/studies/KETNAL/audit/"),
        ("monitor", "/studies/KETNAL/queries/"),
        ("monitor", "/studies/KETNAL/review/"),
        ("coordinator", "/studies/KETNAL/participants/"),
        ("coordinator", "/studies/KETNAL/calendar/"),
    ]
    for role, address in filters:
        names = (
            "participant",
            "who",
            "since",
            "until",
            "q",
            "state",
            "site",
            "page",
            "month",
            "code",
            "status",
        )
        answer = signed_in(typed[role]).get(address, dict.fromkeys(names, ALL_IN_ONE))
        assert answer.status_code < 500, address
        assert became_markup(answer.content.decode()) == [], address
