"""Pages where people say something about a record: queries and source verification."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.models import Record
from assessments.review.forms import QueryFilter, QueryForm, ReviewFilter, TurnForm, with_record_counts
from assessments.review.lists import QUERY_COLUMNS, REVIEW_COLUMNS, query_rows, query_table, review_table
from assessments.review.places import known_place, query_place, record_at
from assessments.selectors import instruments_due
from enrollment.forms import ReasonForm
from enrollment.models import Participant, Visit
from enrollment.respond import add_errors, say_errors
from enrollment.selectors import participant_for, study_for, visit_for
from trialsite.accounts.http import Request
from trialsite.accounts.keyset import page_of, search
from trialsite.accounts.lists import list_file
from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import may, sites_where
from trialsite.review import services
from trialsite.review.models import Query, UnlockRequest, Verification
from trialsite.review.selectors import query_for, verification_for

PAGE = 50
TURNS = {
    "answer": ("query.answer", services.answer),
    "again": ("query.raise", services.ask_again),
    "close": ("query.close", services.close),
}


@require_GET
def query_list(request: Request, study: str) -> HttpResponse:
    current_study = study_for(request.user, study, "query.view")
    query_filter, queries = _queries(request, current_study)
    page = page_of(queries, query_filter.keys, request.GET.get("after"), PAGE)
    rows = list(query_rows(queries.filter(pk__in=[query.pk for query in page.rows])))
    return render(
        request, "assessments/review/query_list.html", {"filter": query_filter, "page": page, "rows": rows}
    )


@require_POST
def query_file(request: Request, study: str) -> HttpResponseBase:
    current_study = study_for(request.user, study, "query.view")
    _query_filter, queries = _queries(request, current_study)
    return list_file(request, current_study, "queries", "query.view", QUERY_COLUMNS, query_table(queries))


def _queries(request: Request, study: Study) -> tuple[QueryFilter, QuerySet[Query]]:
    sites = sites_where(request.user, "query.view", study)
    query_filter = QueryFilter(request.GET, sites=sites)
    return query_filter, query_filter.apply(
        Query.objects.filter(participant__study=study, participant__site__in=list(sites))
    )


@require_GET
def review_list(request: Request, study: str) -> HttpResponse:
    current_study = study_for(request.user, study, "query.view")
    sites = sites_where(request.user, "query.view", current_study)
    review_filter = ReviewFilter(request.GET, sites=sites, first=_first_state(request.user, current_study))
    visits = Visit.objects.at_sites(sites).filter(participant__study=current_study)
    visits = visits.select_related("participant__site", "period")
    page = search(
        with_record_counts(review_filter.apply(visits)),
        review_filter.narrow(visits),
        review_filter.keys,
        request.GET.get("after"),
        PAGE,
    )
    context = {
        "filter": review_filter,
        "page": page,
        "unlocks": _unlocks_waiting(current_study, sites),
        "may_decide": may(request.user, "unlock.decide", current_study),
        "may_ask": may(request.user, "query.raise", current_study),
        "may_lock": may(request.user, "study.lock", current_study),
        "may_unlock": may(request.user, "study.unlock", current_study),
        "study_lock": current_study.locks.filter(participant=None).first(),
    }
    return render(request, "assessments/review/review_list.html", context)


def _unlocks_waiting(study: Study, sites: QuerySet[Site]) -> QuerySet[UnlockRequest]:
    """Requests to unlock the study, or a record of `sites`."""
    return (
        UnlockRequest.objects.filter(lock__study=study)
        .filter(Q(lock__participant=None) | Q(lock__participant__site__in=list(sites)))
        .waiting()
        .select_related("lock__participant", "lock__visit", "requested_by")
    )


@require_POST
def review_file(request: Request, study: str) -> HttpResponseBase:
    current_study = study_for(request.user, study, "query.view")
    sites = sites_where(request.user, "query.view", current_study)
    review_filter = ReviewFilter(request.GET, sites=sites, first=_first_state(request.user, current_study))
    visits = review_filter.apply(Visit.objects.at_sites(sites))
    return list_file(request, current_study, "review", "query.view", REVIEW_COLUMNS, review_table(visits))


def _first_state(user: User, study: Study) -> str:
    """What this person has to do is shown first: verify, sign or lock."""
    steps = {"record.verify": "unverified", "record.sign": "unsigned", "record.lock": "unlocked"}
    return next((state for action, state in steps.items() if may(user, action, study)), "all")


@require_POST
def review_ask(request: Request, study: str) -> HttpResponse:
    """The same question at each marked visit, to the first form of each."""
    study_for(request.user, study, "query.raise")
    marked = [int(pk) for pk in request.POST.getlist("visit") if pk.isdecimal()]
    visits = [visit_for(request.user, pk, "query.raise") for pk in marked]
    places = [
        services.Place(visit.participant, visit, instruments_due(visit)[0])
        for visit in visits
        if visit.participant.study.code == study
    ]
    try:
        if not places:
            raise ValidationError(_("Select the visits for the query."))
        raised = services.raise_queries(places, by=request.user, text=request.POST.get("text", ""))
    except ValidationError as error:
        say_errors(request, error)
    else:
        n = len(raised)
        messages.success(request, ngettext("%(n)d query raised.", "%(n)d queries raised.", n) % {"n": n})
    return redirect("review", study)


@require_POST
def query_raise(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "query.raise")
    return _ask(request, visit.participant, visit)


@require_POST
def casebook_query(request: Request, study: str, code: str) -> HttpResponse:
    """Of a field outside visits: enrollment/casebook/fields.py."""
    return _ask(request, participant_for(request.user, study, code, "query.raise"), None)


def _ask(request: Request, participant: Participant, visit: Visit | None) -> HttpResponse:
    form = QueryForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        place = services.Place(participant, visit, data["form"], data["field"], data["repeat_key"])
        if not known_place(participant, visit, place.form, place.field, place.repeat_key):
            raise Http404
        [query] = services.raise_queries(
            [place], by=request.user, text=data["text"], blocks_signature=data["blocks_signature"]
        )
        messages.success(request, _("Query raised. It appears on the site’s work list."))
        if "record" in request.POST:
            return redirect(f"{_back(request, participant, visit)}#query-{query.pk}")
        return redirect(query_place(query).url)
    messages.error(request, _("Enter your question; nothing was sent."))
    return redirect(_back(request, participant, visit))


@require_http_methods(["GET", "POST"])
def query_turn(request: Request, pk: int, turn: str) -> HttpResponse:
    """A turn of the conversation; on a mistake, a page of its own that keeps what was typed."""
    if turn not in TURNS:
        raise Http404
    action, service = TURNS[turn]
    query = query_for(request.user, pk, action)
    form = TurnForm(request.POST or None)
    if form.is_valid():
        try:
            service(query, by=request.user, text=form.cleaned_data["text"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Message added to the query."))
            return redirect(query_place(query).url)
    context = {
        "query": query,
        "participant": query.participant,
        "form": form,
        "turn": turn,
        "where": query_place(query).where,
    }
    return render(request, "assessments/review/query_turn.html", context, status=422 if form.errors else 200)


@require_POST
def verify(request: Request, pk: int) -> HttpResponse:
    visit = visit_for(request.user, pk, "record.verify")
    return _verify(request, visit.participant, visit)


@require_POST
def casebook_verify(request: Request, study: str, code: str) -> HttpResponse:
    return _verify(request, participant_for(request.user, study, code, "record.verify"), None)


def _verify(request: Request, participant: Participant, visit: Visit | None) -> HttpResponse:
    form = request.POST.get("form", "")
    fields = [""] if "whole" in request.POST else request.POST.getlist("field")
    keys = _rows(request, participant, visit, form)
    if not all(known_place(participant, visit, form, field, key) for field in fields for key in keys):
        raise Http404
    done = services.verify(participant, visit, form, fields, by=request.user, repeat_keys=keys)
    if done:
        n = len(done)
        messages.success(
            request,
            _("The whole form is verified.")
            if "whole" in request.POST
            else ngettext("%(n)d field verified.", "%(n)d fields verified.", n) % {"n": n},
        )
    else:
        messages.info(request, _("Select the fields that match the source."))
    if "sitting" in request.POST:
        return redirect("review_participant", participant.study.code, participant.code)
    return redirect(_back(request, participant, visit))


def _rows(request: Request, participant: Participant, visit: Visit | None, form: str) -> list[int | None]:
    """Which rows of the form are verified: the one that is named, or all that are not struck out."""
    if request.POST.get("whole") == "rows":
        rows = Record.objects.in_force().filter(participant=participant, visit=visit, form=form)
        return list(rows.values_list("repeat_key", flat=True))
    return [_repeat_key(request)]


def _repeat_key(request: Request) -> int | None:
    """The row that the form of a page names."""
    key = request.POST.get("repeat_key", "")
    return int(key) if key.isdecimal() and len(key) <= 5 else None


@require_http_methods(["GET", "POST"])
def unverify(request: Request, pk: int) -> HttpResponse:
    verification = verification_for(request.user, pk, "record.verify")
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        services.unverify(verification, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(
            request, _("The verification has been removed. Both actions are kept in the audit trail.")
        )
        return redirect(_page_of(verification))
    context = {
        "participant": verification.participant,
        "form": form,
        "question": _("Remove the verification of this form or field?"),
        "button": _("Yes, it is not complete"),
    }
    return render(request, "enrollment/with_reason.html", context)


def _back(request: Request, participant: Participant, visit: Visit | None) -> str:
    """The page that sent the form: the record's own, the visit's or the participant's."""
    if "record" in request.POST:
        form = request.POST.get("form", "")
        if record := record_at(participant, visit, form, _repeat_key(request)):
            return reverse("record", args=[record.pk])
    return _page(participant, visit)


def _page_of(verification: Verification) -> str:
    """Where it is seen. Outside visits a record has a page of its own."""
    participant, visit = verification.participant, verification.visit
    if visit is None and (record := record_at(participant, None, verification.form, verification.repeat_key)):
        return reverse("record", args=[record.pk])
    return _page(participant, visit)


def _page(participant: Participant, visit: Visit | None) -> str:
    if visit:
        return reverse("visit", args=[visit.pk])
    return reverse("participant", args=[participant.study.code, participant.code])
