"""What ratings and their review add to the work list."""

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment
from assessments.review_forms import with_standing
from assessments.standing import where
from enrollment.models import Participant, Visit
from enrollment.worklist import LIMIT, Action
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may, sites_where
from trialsite.review.models import Query, Signature, UnlockRequest


def items_missing(user: User, study: Study) -> list[Action]:
    """Saved ratings without a total, at sites where `user` enters data."""
    ratings = (
        Assessment.objects.filter(
            participant__site__in=sites_where(user, "assessment.enter", study),
            status=Assessment.Status.ENTERED,
        )
        .select_related("participant", "visit", "visit__period")
        .order_by("performed_on")[:LIMIT]
    )
    return [_action(rating) for rating in ratings]


def _action(rating: Assessment) -> Action:
    n = len(rating.missing)
    visit = rating.visit
    where = _("period %(n)d, ") % {"n": visit.period.number} if visit.period else ""
    return Action(
        participant=rating.participant.code,
        what=_("Complete the rating"),
        why=where + visit.label + ": " + ngettext("%(n)d item missing", "%(n)d items missing", n) % {"n": n},
        url=reverse("rating", args=[visit.pk, rating.instrument]),
        state="due",
        on=rating.performed_on,
    )


def reviews(user: User, study: Study) -> list[Action]:
    """Queries to answer or to close, visits to sign again, casebooks to sign, unlock requests to decide."""
    return [
        *_to_answer(user, study),
        *_to_close(user, study),
        *_to_sign_again(user, study),
        *_casebooks(user, study),
        *_to_decide(user, study),
    ]


def _to_answer(user: User, study: Study) -> list[Action]:
    sites = sites_where(user, "query.answer", study)
    found = Query.objects.filter(participant__site__in=sites, status=Query.Status.OPEN)
    return [_query_action(query, _("Answer a query")) for query in _told(found)]


def _to_close(user: User, study: Study) -> list[Action]:
    sites = sites_where(user, "query.close", study)
    found = Query.objects.filter(participant__site__in=sites, status=Query.Status.ANSWERED)
    if not may(user, "query.close_any", study):
        found = found.filter(Q(raised_by=user) | Q(raised_by=None))
    return [_query_action(query, _("Read an answer")) for query in _told(found)]


def _told(queries: QuerySet[Query]) -> QuerySet[Query]:
    return queries.select_related(
        "participant__study", "participant__protocol", "visit__period"
    ).prefetch_related("messages")[:LIMIT]


def _query_action(query: Query, what: str) -> Action:
    url = (
        reverse("visit", args=[query.visit_id]) + f"#query-{query.pk}"
        if query.visit_id
        else reverse("participant", args=[query.participant.study.code, query.participant.code])
    )
    last = list(query.messages.all())[-1].text
    return Action(
        participant=query.participant.code,
        what=what,
        why=f"{where(query)}: {last}"[:160],
        url=url,
        state="due",
        on=query.raised_at.date(),
    )


def _to_sign_again(user: User, study: Study) -> list[Action]:
    sites = sites_where(user, "record.sign", study)
    visits = with_standing(Visit.objects.at(sites)).filter(Q(signed=False), Q(was_signed=True))
    return [
        Action(
            participant=visit.participant.code,
            what=_("Sign again"),
            why=_("%(visit)s was changed after it was signed") % {"visit": visit},
            url=reverse("visit", args=[visit.pk]),
            state="due",
            on=visit.performed_on,
        )
        for visit in visits.select_related("participant")[:LIMIT]
    ]


def _casebooks(user: User, study: Study) -> list[Action]:
    """Of participants who have completed the study: nobody's signature is under them."""
    signed = Signature.objects.filter(participant=OuterRef("pk"), visit=None, voided_at=None)
    people = (
        Participant.objects.filter(
            ~Exists(signed),
            site__in=sites_where(user, "record.sign", study),
            status=Participant.Status.COMPLETED,
        )
        .annotate(last_visit=Max("visits__performed_on"))
        .order_by("last_visit", "code")[:LIMIT]
    )
    return [
        Action(
            participant=person.code,
            what=_("Read and sign the casebook"),
            why=_("completed the study"),
            url=reverse("review_participant", args=[study.code, person.code]),
            state="due",
            on=person.last_visit,  # type: ignore[attr-defined]
        )
        for person in people
    ]


def _to_decide(user: User, study: Study) -> list[Action]:
    asked = UnlockRequest.objects.waiting().filter(lock__study=study).exclude(requested_by=user)
    sites = set(sites_where(user, "unlock.decide", study).values_list("pk", flat=True))
    whole = may(user, "study.unlock", study)
    return [
        Action(
            participant=request.lock.participant.code if request.lock.participant else study.code,
            what=_("Decide on unlocking"),
            why=request.reason[:160],
            url=reverse("unlock_decide", args=[request.pk]),
            state="due",
            on=request.requested_at.date(),
        )
        for request in asked.select_related("lock__participant")[:LIMIT]
        if (request.lock.participant.site_id in sites if request.lock.participant else whole)
    ]
