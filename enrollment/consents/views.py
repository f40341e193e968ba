"""The consent texts of a study, and since when each may be used at a site."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment.consents import services
from enrollment.consents.forms import (
    ApprovalForm,
    ConsentVersionForm,
    CorrectApprovalForm,
    CorrectConsentVersionForm,
)
from enrollment.consents.selectors import approval_at, consent_rows, consent_version_for
from enrollment.consents.services import MANAGE
from enrollment.consents.text import version_text
from enrollment.models import ConsentVersion
from enrollment.respond import add_errors
from enrollment.selectors import site_for, study_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may, sites_where
from trialsite.lib.errors import Conflict


@require_GET
def consents(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, "consent.view")
    sites = sites_where(request.user, "consent.view", trial).order_by("code")
    context = {"rows": consent_rows(trial, sites), "may_manage": may(request.user, MANAGE, trial)}
    return render(request, "enrollment/consents/consents.html", context)


@require_http_methods(["GET", "POST"])
def consent_version_new(request: Request, study: str) -> HttpResponse:
    trial = study_for(request.user, study, MANAGE)
    form = ConsentVersionForm(request.POST or None)
    if form.is_valid():
        try:
            services.add_consent_version(trial, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved. Next: its approval at each site."))
            return redirect("consents", study)
    return _page(request, trial.code, form, _("New consent version"))


@require_http_methods(["GET", "POST"])
def consent_version_correct(request: Request, pk: int) -> HttpResponse:
    saved = consent_version_for(request.user, pk, MANAGE)
    names = ("label", "language", "dated_on", "version")
    form = CorrectConsentVersionForm(
        request.POST or None, initial={name: getattr(saved, name) for name in names}
    )
    if form.is_valid():
        try:
            services.correct_consent_version(saved, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Conflict:
            return _changed_meanwhile(request, saved)
        else:
            messages.success(request, _("Saved."))
            return redirect("consents", saved.study.code)
    return _page(request, saved.study.code, form, _("Correct a consent version"), version_text(saved))


@require_http_methods(["GET", "POST"])
def consent_approval(request: Request, pk: int, site: str) -> HttpResponse:
    """Since when a text may be used at a site: entered, or corrected with a reason."""
    version = consent_version_for(request.user, pk, MANAGE)
    place = site_for(request.user, version.study, site, MANAGE)
    approval = approval_at(version, place)
    initial = {
        "approved_on": approval and approval.approved_on,
        "version": approval.version if approval else 0,
    }
    form = (CorrectApprovalForm if approval else ApprovalForm)(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.approve_consent_version(version, place, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Conflict:
            return _changed_meanwhile(request, version)
        else:
            messages.success(request, _("Saved."))
            return redirect("consents", version.study.code)
    title = _("Approval at site %(site)s") % {"site": place.code}
    return _page(request, version.study.code, form, title, version_text(version))


def _changed_meanwhile(request: Request, version: ConsentVersion) -> HttpResponse:
    messages.warning(request, _("Somebody else changed this meanwhile. It is shown as it is now."))
    return redirect("consents", version.study.code)


def _page(request: Request, study: str, form: forms.Form, title: str, lead: str = "") -> HttpResponse:
    context: dict[str, Any] = {"form": form, "title": title, "lead": lead, "study_code": study}
    return render(request, "enrollment/consents/form.html", context, status=422 if form.is_bound else 200)
