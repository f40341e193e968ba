"""Pages where people say something about a record: queries and source verification."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.review_forms import QueryFilter, QueryForm, ReviewFilter, TurnForm
from assessments.review_lists import QUERY_COLUMNS, REVIEW_COLUMNS, query_table, review_table, told
from assessments.selectors import instruments_due
from assessments.standing import known_place, where
from enrollment.forms import ReasonForm
from enrollment.models import Participant, Visit
from enrollment.selectors import participant_for, study_for, visit_for
from enrollment.views.respond import add_errors, say_errors
from trialsite.accounts.http import Request
from trialsite.accounts.lists import list_file
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may, sites_where
from trialsite.review import services
from trialsite.review.models import Query, UnlockRequest
from trialsite.review.selectors import query_for, verification_for

PAGE = 50
TURNS = {
    "answer": ("query.answer", services.answer),
    "again": ("query.raise", services.ask_again),
    "close": ("query.close", services.close),
}


@require_GET
def query_list(request: Request, study: str) -> HttpResponse:
    chosen = study_for(request.user, study, "query.view")
    asked, found = _queries(request, chosen)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = list(told(page.object_list))  # type: ignore[arg-type]
    return render(request, "review/query_list.html", {"filter": asked, "page": page, "rows": rows})


@require_POST
def query_file(request: Request, study: str) -> HttpResponseBase:
    chosen = study_for(request.user, study, "query.view")
    _asked, found = _queries(request, chosen)
    return list_file(request, chosen, "queries", "query.view", QUERY_COLUMNS, query_table(found))


def _queries(request: Request, study: Study) -> tuple[QueryFilter, QuerySet[Query]]:
    sites = sites_where(request.user, "query.view", study)
    asked = QueryFilter(request.GET, sites=sites)
    return asked, asked.apply(Query.objects.filter(participant__study=study, participant__site__in=sites))


@require_GET
def review_list(request: Request, study: str) -> HttpResponse:
    chosen = study_for(request.user, study, "query.view")
    sites = sites_where(request.user, "query.view", chosen)
    asked = ReviewFilter(request.GET, sites=sites, first=_first_state(request.user, chosen))
    visits = Visit.objects.at(sites).select_related("participant__site", "period")
    page = Paginator(asked.apply(visits), PAGE).get_page(request.GET.get("page"))
    unlocks = (
        UnlockRequest.objects.filter(lock__study=chosen)
        .filter(Q(lock__participant=None) | Q(lock__participant__site__in=sites))
        .waiting()
        .select_related("lock__participant", "lock__visit", "requested_by")
    )
    context = {
        "filter": asked,
        "page": page,
        "unlocks": unlocks,
        "may_decide": may(request.user, "unlock.decide", chosen),
        "may_ask": may(request.user, "query.raise", chosen),
        "may_lock": may(request.user, "study.lock", chosen),
        "may_unlock": may(request.user, "study.unlock", chosen),
        "study_lock": chosen.locks.filter(participant=None).first(),
    }
    return render(request, "review/review_list.html", context)


@require_POST
def review_file(request: Request, study: str) -> HttpResponseBase:
    chosen = study_for(request.user, study, "query.view")
    sites = sites_where(request.user, "query.view", chosen)
    asked = ReviewFilter(request.GET, sites=sites, first=_first_state(request.user, chosen))
    visits = asked.apply(Visit.objects.at(sites))
    return list_file(request, chosen, "review", "query.view", REVIEW_COLUMNS, review_table(visits))


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
            raise ValidationError(_("Mark the visits you ask about."))
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
    """Of a field outside visits: enrollment/casebook.py."""
    return _ask(request, participant_for(request.user, study, code, "query.raise"), None)


def _ask(request: Request, participant: Participant, visit: Visit | None) -> HttpResponse:
    form = QueryForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        if not known_place(participant, visit, data["form"], data["field"]):
            raise Http404
        place = services.Place(participant, visit, data["form"], data["field"])
        [query] = services.raise_queries(
            [place], by=request.user, text=data["text"], blocks_signature=data["blocks_signature"]
        )
        messages.success(request, _("Query raised. The site sees it on its work list."))
        return redirect(_place_of(query))
    messages.error(request, _("Write what you ask; nothing was sent."))
    return redirect(_page_of(participant, visit))


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
            messages.success(request, _("Said. It stands with the query."))
            return redirect(_place_of(query))
    context = {
        "query": query,
        "participant": query.participant,
        "form": form,
        "turn": turn,
        "where": where(query),
    }
    return render(request, "review/query_turn.html", context, status=422 if form.errors else 200)


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
    if not all(known_place(participant, visit, form, field) for field in fields):
        raise Http404
    done = services.verify(participant, visit, form, fields, by=request.user)
    if done:
        n = len(done)
        messages.success(
            request,
            _("The whole form is verified.") if "whole" in request.POST
            else ngettext("%(n)d field verified.", "%(n)d fields verified.", n) % {"n": n},
        )  # fmt: skip
    else:
        messages.info(request, _("Mark the fields that agree with the source."))
    if "sitting" in request.POST:
        return redirect("review_participant", participant.study.code, participant.code)
    return redirect(_page_of(participant, visit))


@require_http_methods(["GET", "POST"])
def unverify(request: Request, pk: int) -> HttpResponse:
    verification = verification_for(request.user, pk, "record.verify")
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        services.unverify(verification, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("The verification is taken back. The audit trail keeps both."))
        return redirect(_page_of(verification.participant, verification.visit))
    context = {
        "participant": verification.participant,
        "form": form,
        "question": _("Take the verification of this form or field back?"),
        "button": _("Take it back"),
    }
    return render(request, "enrollment/with_reason.html", context)


def _place_of(query: Query) -> str:
    """The page where the query stands, opened at it."""
    return f"{_page_of(query.participant, query.visit)}#query-{query.pk}"


def _page_of(participant: Participant, visit: Visit | None) -> str:
    if visit:
        return reverse("visit", args=[visit.pk])
    return reverse("participant", args=[participant.study.code, participant.code])
