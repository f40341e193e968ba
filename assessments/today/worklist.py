"""What ratings and their review add to the work list."""

from collections.abc import Sequence

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.events.clock import unreported
from assessments.models import Assessment, FormVersion, SecondRating
from assessments.rating.second import to_adjudicate
from assessments.review.forms import with_review_status
from assessments.review.places import QueryPlace, query_places
from assessments.timing.figures import figures
from assessments.today.deviations import deviations_to_settle
from assessments.today.forms import forms_missing
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.today.action import Action
from enrollment.today.worklist import LIMIT
from trialsite.accounts.keyset import few
from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import may, sites_where
from trialsite.review.models import Query, Signature, UnlockRequest


def to_enter(user: User, study: Study) -> list[Action]:
    """Ratings to complete, and forms to fill in, at sites where `user` enters data."""
    has_forms = Exists(FormVersion.objects.filter(study=study))
    sites = list(sites_where(user, "assessment.enter", study).annotate(has_forms=has_forms))
    forms = forms_missing(study, sites) if any(site.has_forms for site in sites) else []
    return [*_items_missing(sites), *forms]


def to_report(user: User, study: Study) -> list[Action]:
    """Serious adverse events that wait to be reported to the sponsor, for who enters data and for the safety physician."""
    sites = {
        site.pk: site
        for action in ("assessment.enter", "safety.acknowledge")
        for site in sites_where(user, action, study)
    }
    return [
        Action(
            participant=clock.record.participant.code,
            what=_("Report a serious adverse event"),
            why=f"{clock.label}. {clock.sentence}",
            url=clock.url,
            state="due" if clock.state == "running" else "overdue",
            on=clock.due.date() if clock.due else None,
        )
        for clock in unreported(sites.values())[:LIMIT]
    ]


def _items_missing(sites: Sequence[Site]) -> list[Action]:
    """Saved ratings without a total."""
    ratings = (
        Assessment.objects.filter(participant__site__in=sites, status=Assessment.Status.ENTERED)
        .select_related("participant", "visit", "visit__period")
        .order_by("performed_on", "pk")
    )
    return [_action(rating) for rating in few(ratings, LIMIT + 1)]


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
    """Queries to answer or to close, visits to sign again, casebooks to sign, unlock requests to decide, deviations to
    review or to close."""
    return [
        *_to_answer(user, study),
        *_to_close(user, study),
        *_to_sign_again(user, study),
        *_casebooks(user, study),
        *_to_decide(user, study),
        *deviations_to_settle(user, study),
        *_to_adjudicate(user, study),
    ]


def _to_answer(user: User, study: Study) -> list[Action]:
    sites = list(sites_where(user, "query.answer", study))
    queries = Query.objects.filter(participant__site__in=sites, status=Query.Status.OPEN)
    return _query_actions(queries, _("Answer a query"))


def _to_close(user: User, study: Study) -> list[Action]:
    sites = list(sites_where(user, "query.close", study))
    queries = Query.objects.filter(participant__site__in=sites, status=Query.Status.ANSWERED)
    if not may(user, "query.close_any", study):
        queries = queries.filter(Q(raised_by=user) | Q(raised_by=None))
    return _query_actions(queries, _("Review an answer"))


def _query_actions(queries: QuerySet[Query], what: str) -> list[Action]:
    rows = queries.select_related("participant__study", "visit__period")
    waiting = few(rows.prefetch_related("messages"), LIMIT + 1)
    for query in waiting:
        query.participant.protocol = ProtocolVersion.objects.cached(query.participant.protocol_id)
    now = figures(waiting)
    places = query_places(waiting)
    return [_query_action(query, what, places[query.pk], now.get(query.pk, "")) for query in waiting]


def _query_action(query: Query, what: str, place: QueryPlace, now: str) -> Action:
    """`now`: the figures that the query of an edit check is about, which its text leaves out."""
    last = list(query.messages.all())[-1].text
    return Action(
        participant=query.participant.code,
        what=what,
        why=Truncator(f"{place.where}: {now or last}").chars(240),
        url=place.url,
        state="due",
        on=query.raised_at.date(),
    )


def _to_sign_again(user: User, study: Study) -> list[Action]:
    sites = sites_where(user, "record.sign", study)
    voided = Signature.objects.filter(participant__site__in=list(sites), voided_at__isnull=False)
    visits = with_review_status(Visit.objects.filter(pk__in=voided.values("visit"))).filter(Q(signed=False))
    return [
        Action(
            participant=visit.participant.code,
            what=_("Sign again"),
            why=_("%(visit)s was changed after it was signed") % {"visit": visit},
            url=reverse("visit", args=[visit.pk]),
            state="due",
            on=visit.performed_on,
        )
        for visit in few(visits.select_related("participant").order_by("performed_on", "pk"), LIMIT + 1)
    ]


def _casebooks(user: User, study: Study) -> list[Action]:
    """Of participants who have completed the study: nobody's signature is under them."""
    signed = Signature.objects.filter(participant=OuterRef("pk"), visit=None, voided_at=None)
    completed = Participant.objects.filter(
        ~Exists(signed),
        study=study,
        site__in=list(sites_where(user, "record.sign", study)),
        status=Participant.Status.COMPLETED,
    )
    longest = [participant.pk for participant in few(completed.order_by("randomised_at", "pk"), LIMIT + 1)]
    participants = Participant.objects.filter(pk__in=longest).annotate(last_visit=Max("visits__performed_on"))
    return [
        Action(
            participant=participant.code,
            what=_("Review and sign the casebook"),
            why=_("completed the study"),
            url=reverse("review_participant", args=[study.code, participant.code]),
            state="due",
            on=participant.last_visit,  # type: ignore[attr-defined]
        )
        for participant in participants
    ]


def _to_adjudicate(user: User, study: Study) -> list[Action]:
    """Two ratings of one interview that are far apart."""
    undecided = SecondRating.objects.filter(
        participant__site__in=list(sites_where(user, "rating.adjudicate", study)),
        status=Assessment.Status.COMPLETE,
        adjudicated_total=None,
    )
    listed = undecided.select_related("participant__protocol", "visit__period").order_by("entered_at", "pk")
    return [
        Action(
            participant=pair.second.participant.code,
            what=_("Adjudicate two ratings"),
            why=_("%(visit)s, %(instrument)s: the totals are %(points)d points apart")
            % {"visit": pair.second.visit, "instrument": pair.use.code, "points": pair.difference or 0},
            url=reverse("adjudication", args=[pair.second.visit_id, pair.use.code]),
            state="due",
            on=pair.second.performed_on,
        )
        for pair in to_adjudicate(listed)
        if pair.second
    ][: LIMIT + 1]


def _to_decide(user: User, study: Study) -> list[Action]:
    requests = UnlockRequest.objects.waiting().filter(lock__study=study).exclude(requested_by=user)
    sites = set(sites_where(user, "unlock.decide", study).values_list("pk", flat=True))
    whole = may(user, "study.unlock", study)
    return [
        Action(
            participant=request.lock.participant.code if request.lock.participant else study.code,
            what=_("Decide on unlock request"),
            why=request.reason[:160],
            url=reverse("unlock_decide", args=[request.pk]),
            state="due",
            on=request.requested_at.date(),
        )
        for request in few(requests.select_related("lock__participant"), LIMIT + 1)
        if (request.lock.participant.site_id in sites if request.lock.participant else whole)
    ]
