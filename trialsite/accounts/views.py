"""The administrator's pages of people and roles."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from trialsite.accounts import services
from trialsite.accounts.forms import EndRoleForm, PersonForm, RoleForm
from trialsite.accounts.http import Request
from trialsite.accounts.models import Membership, Study, User
from trialsite.accounts.policy import may


def _study(user: User, code: str) -> Study:
    """The study, if `user` administers it: 404 for a stranger, 403 for another role."""
    study = Study.objects.filter(code=code).first()
    if study is None or not Membership.objects.current().filter(user=user, study=study).exists():
        raise Http404
    if not may(user, "people.manage", study):
        raise PermissionDenied
    return study


@require_GET
def people(request: Request, study: str) -> HttpResponse:
    chosen = _study(request.user, study)
    memberships = chosen.memberships.select_related("user", "site", "granted_by").order_by(
        "user__printed_name", "role"
    )
    context = {"memberships": memberships, "sites": chosen.sites.all()}
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "POST"])
def person_new(request: Request, study: str) -> HttpResponse:
    chosen = _study(request.user, study)
    form = PersonForm(request.POST or None, study=chosen)
    if form.is_valid():
        try:
            user = services.invite(chosen, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            link = request.build_absolute_uri(reverse("invitation", args=services.invitation_of(user)))
            return render(request, "accounts/invited.html", {"person": user, "link": link})
    return render(request, "accounts/person_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
def role_grant(request: Request, study: str, pk: int) -> HttpResponse:
    chosen = _study(request.user, study)
    person = get_object_or_404(User, pk=pk, is_system=False)
    form = RoleForm(request.POST or None, study=chosen)
    if form.is_valid():
        try:
            services.grant_role(person, chosen, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Role granted to %(name)s.") % {"name": person.printed_name})
            return redirect("people", study)
    return render(request, "accounts/role_grant.html", {"form": form, "person": person})


@require_http_methods(["GET", "POST"])
def role_end(request: Request, study: str, pk: int) -> HttpResponse:
    chosen = _study(request.user, study)
    membership = get_object_or_404(Membership, pk=pk, study=chosen, ends_at=None)
    form = EndRoleForm(request.POST or None)
    if form.is_valid():
        services.end_role(membership, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("Role ended; the person is signed out."))
        return redirect("people", study)
    return render(request, "accounts/role_end.html", {"form": form, "membership": membership})
