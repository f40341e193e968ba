"""The administrator's pages of people and roles."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from trialsite.accounts import services
from trialsite.accounts.forms import GrantForm, PeopleFilter, PersonForm, WhyForm
from trialsite.accounts.http import Request
from trialsite.accounts.lists import list_file
from trialsite.accounts.models import AccessReset, Membership, Study, User
from trialsite.accounts.policy import may
from trialsite.accounts.secondfactor import authenticator_of, must_have

ACTS: dict[str, Callable[..., Any]] = {
    "deactivate": services.deactivate,
    "reactivate": services.reactivate,
    "link": partial(services.request_reset, kind=AccessReset.Kind.PASSWORD),
    "second-factor": partial(services.request_reset, kind=AccessReset.Kind.SECOND_FACTOR),
}


def _study(user: User, code: str) -> Study:
    """The study, if `user` administers it: 404 for a stranger, 403 for another role."""
    study = Study.objects.filter(code=code).first()
    if study is None or not Membership.objects.current().filter(user=user, study=study).exists():
        raise Http404
    if not may(user, "people.manage", study):
        raise PermissionDenied
    return study


def _user(study: Study, pk: int) -> User:
    """Somebody who has or had a role in the study; 404 for all others."""
    return get_object_or_404(User.objects.filter(memberships__study=study).distinct(), pk=pk, is_system=False)


@require_GET
def people(request: Request, study: str) -> HttpResponse:
    current_study = _study(request.user, study)
    filters = PeopleFilter(request.GET, sites=current_study.sites.all())
    context = {
        "filter": filters,
        "memberships": filters.apply(current_study.memberships.all()),
        "sites": current_study.sites.all(),
        "waiting": AccessReset.objects.waiting()
        .of_study(current_study)
        .select_related("user", "requested_by"),
        "now": timezone.now(),
    }
    return render(request, "accounts/people.html", context)


@require_POST
def people_file(request: Request, study: str) -> HttpResponseBase:
    """The roles under the filters of the page, as CSV."""
    current_study = _study(request.user, study)
    memberships = PeopleFilter(request.GET, sites=current_study.sites.all()).apply(
        current_study.memberships.all()
    )
    header = ["person", "username", "active", "role", "site", "from", "until", "granted_by"]
    rows = [
        [
            m.user.printed_name,
            m.user.username,
            _("yes") if m.user.is_active else _("no"),
            m.get_role_display(),
            m.site.code if m.site else _("All sites"),
            m.starts_at.isoformat(),
            m.ends_at and m.ends_at.isoformat(),
            m.granted_by.printed_name,
        ]
        for m in memberships
    ]
    return list_file(request, current_study, "people", "people.manage", header, rows)


@require_http_methods(["GET", "POST"])
def person_new(request: Request, study: str) -> HttpResponse:
    current_study = _study(request.user, study)
    form = PersonForm(request.POST or None, study=current_study)
    if form.is_valid():
        try:
            user = services.invite(current_study, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            link = request.build_absolute_uri(reverse("invitation", args=services.invitation_of(user)))
            return render(request, "accounts/invited.html", {"person": user, "link": link})
    return render(request, "accounts/person_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
def role_grant(request: Request, study: str, pk: int) -> HttpResponse:
    current_study = _study(request.user, study)
    user = _user(current_study, pk)
    form = GrantForm(request.POST or None, study=current_study)
    if form.is_valid():
        role, site = form.cleaned_data["role"], form.cleaned_data["site"]
        try:
            services.grant_role(user, current_study, by=request.user, role=role, site=site, **form.span())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Role granted to %(name)s.") % {"name": user.printed_name})
            return redirect("people", study)
    return render(request, "accounts/role_grant.html", {"form": form, "person": user})


@require_http_methods(["GET", "POST"])
def role_end(request: Request, study: str, pk: int) -> HttpResponse:
    current_study = _study(request.user, study)
    membership = get_object_or_404(Membership.objects.open(), pk=pk, study=current_study)
    form = WhyForm(request.POST or None)
    if form.is_valid():
        services.end_role(membership, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("Role ended; the user is signed out."))
        return redirect("people", study)
    return render(request, "accounts/role_end.html", {"form": form, "membership": membership})


@require_GET
def person(request: Request, study: str, pk: int) -> HttpResponse:
    """One person: roles, whether active, second factor, when last here; and what may be done about it."""
    current_study = _study(request.user, study)
    user = _user(current_study, pk)
    context = {
        "person": user,
        "memberships": user.memberships.filter(study=current_study).select_related("site", "granted_by"),
        "access_events": user.access_events.all()[:20],
        "authenticator": authenticator_of(user),
        "must_have": must_have(user),
        "resets": user.resets.select_related("requested_by", "decided_by")[:10],
        "takes_two": services.takes_two(user),
        "now": timezone.now(),
    }
    return render(request, "accounts/person.html", context)


@require_http_methods(["GET", "POST"])
def person_change(request: Request, study: str, pk: int, act: str) -> HttpResponse:
    """Deactivate, reactivate, reset the second factor, or make a link to set a password: each with a reason."""
    current_study = _study(request.user, study)
    user = _user(current_study, pk)
    if act not in ACTS:
        raise Http404
    form = WhyForm(request.POST or None)
    if form.is_valid():
        try:
            reset = ACTS[act](user, current_study, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, current_study, user, reset)
    context = {"form": form, "person": user, "act": act, "takes_two": services.takes_two(user)}
    return render(request, "accounts/person_change.html", context)


@require_http_methods(["GET", "POST"])
def reset_decide(request: Request, study: str, pk: int) -> HttpResponse:
    """Grant or refuse, with a reason, what another administrator asked for."""
    current_study = _study(request.user, study)
    reset = get_object_or_404(
        AccessReset.objects.of_study(current_study).select_related("user", "requested_by"), pk=pk
    )
    form = WhyForm(request.POST or None)
    if form.is_valid():
        granted, reason = request.POST.get("decision") == "grant", form.cleaned_data["reason"]
        try:
            decided = services.decide_reset(
                reset, current_study, by=request.user, granted=granted, reason=reason
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, current_study, reset.user, decided)
    return render(request, "accounts/reset_decide.html", {"form": form, "reset": reset, "person": reset.user})


def _done(request: Request, study: Study, user: User, reset: AccessReset | None) -> HttpResponse:
    if reset and reset.granted and reset.kind == AccessReset.Kind.PASSWORD:
        address = request.build_absolute_uri(reverse("invitation", args=services.invitation_of(reset.user)))
        return render(request, "accounts/invited.html", {"person": user, "link": address})
    if reset and reset.granted is None:
        message = _("Requested. Another administrator of the study has to approve it, under Users and sites.")
    else:
        message = _("Done. It is recorded in the audit trail with your reason.")
    messages.success(request, message)
    return redirect("person", study.code, user.pk)
