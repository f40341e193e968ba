"""A site's days: its week, its public holidays, and who is away when."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enrollment.availability import services
from enrollment.availability.forms import AbsenceForm, HoursForm
from enrollment.availability.selectors import absence_for, absences_at, hours_of
from enrollment.forms import ReasonForm
from enrollment.respond import add_errors
from enrollment.selectors import site_for, study_for
from trialsite.accounts.http import Request
from trialsite.accounts.models import Site
from trialsite.lib.errors import Conflict

KEEP = "schedule.plan"


@require_http_methods(["GET", "POST"])
def site_availability(request: Request, study: str, site: str) -> HttpResponse:
    """The page; a POST keeps the site's week."""
    trial = study_for(request.user, study, "study.view")
    place = site_for(request.user, trial, site, KEEP)
    form = _hours_form(request, place)
    if form.is_valid():
        try:
            services.keep_hours(place, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Conflict:
            messages.warning(request, _("Somebody else changed these days. They are shown as they are now."))
            return redirect("site_availability", study, site)
        else:
            messages.success(request, _("Saved."))
            return redirect("site_availability", study, site)
    return _page(request, place, form, AbsenceForm(site=place))


@require_POST
def absence_add(request: Request, study: str, site: str) -> HttpResponse:
    trial = study_for(request.user, study, "study.view")
    place = site_for(request.user, trial, site, KEEP)
    form = AbsenceForm(request.POST, site=place)
    if form.is_valid():
        try:
            services.add_absence(place, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("site_availability", study, site)
    return _page(request, place, _hours_form(request, place, bound=False), form, status=422)


@require_http_methods(["GET", "POST"])
def absence_remove(request: Request, pk: int) -> HttpResponse:
    absence = absence_for(request.user, pk, KEEP)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        services.remove_absence(absence, by=request.user, reason=form.cleaned_data["reason"])
        return redirect("site_availability", absence.site.study.code, absence.site.code)
    context = {"study": absence.site.study, "absence": absence, "form": form}
    return render(request, "enrollment/availability/remove.html", context)


def _hours_form(request: Request, site: Site, *, bound: bool = True) -> HoursForm:
    hours = hours_of(site)
    data = request.POST if bound and request.method == "POST" else None
    initial = {
        "weekdays": list(hours.weekdays),
        "holidays": hours.holidays,
        "places": hours.places,
        "version": hours.version,
    }
    return HoursForm(data, initial=initial)


def _page(
    request: Request,
    site: Site,
    hours_form: HoursForm,
    absence_form: AbsenceForm,
    *,
    status: int | None = None,
) -> HttpResponse:
    context = {
        "study": site.study,
        "site": site,
        "hours_form": hours_form,
        "absence_form": absence_form,
        "absences": absences_at(site),
    }
    if status is None:
        status = 422 if hours_form.is_bound else 200
    return render(request, "enrollment/availability/site.html", context, status=status)
