"""The page of an infusion day, and what it sends."""

import uuid
from datetime import date

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assessments.infusion import services
from assessments.infusion.page import DayPage, calculation, day_page, weight_age
from assessments.infusion.selectors import DayPlace, day_of, day_place_for, records_of_day
from assessments.infusion.services import StepConflict
from assessments.infusion.steps import STEPS
from enrollment.respond import errors_by_field
from enrollment.schedule.text import washout_sentence
from enrollment.selectors import washout_before
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.accounts.stepup import Refusal, confirm_second
from trialsite.lib.days import NotADayError, read
from trialsite.lib.errors import Conflict
from trialsite.review.selectors import lock_on

LONGEST = 4000
ENTER = "assessment.enter"


@require_GET
def infusion_day(request: Request, pk: int) -> HttpResponse:
    place = day_place_for(request.user, pk, "assessment.view")
    page = day_page(place, _typed_day(request.GET.get("day", "")))
    return render(request, "assessments/infusion/day.html", _context(request, place, page))


@require_POST
def infusion_step(request: Request, pk: int, step: str) -> HttpResponse:
    """Save one step; answers in JSON, or without a script by the page."""
    place = day_place_for(request.user, pk, ENTER)
    if step not in STEPS:
        raise Http404
    day = _typed_day(request.POST.get("day", "")) or day_of(place, records_of_day(place))
    fields = {name: request.POST.get(name, "") for name in request.POST if name != "item_POSITIVE_FOR"}
    fields["item_POSITIVE_FOR"] = ",".join(request.POST.getlist("item_POSITIVE_FOR"))
    if long := [name for name, text in fields.items() if len(text) > LONGEST]:
        message = _("Longer than %(longest)d characters. Shorten it; nothing was saved.") % {
            "longest": LONGEST
        }
        return _refused(request, pk, dict.fromkeys(long, message), 422)
    try:
        token = uuid.UUID(request.POST.get("token", ""))
        services.save_step(place, step, fields, day, by=request.user, token=token)
    except ValidationError as error:
        return _refused(request, pk, _by_field(error), 422)
    except (StepConflict, Conflict) as conflict:
        taken = conflict.taken if isinstance(conflict, StepConflict) else {}
        message = _("Somebody else recorded another answer meanwhile: %(answers)s. Look at the step again.")
        return _refused(
            request, pk, {NON_FIELD_ERRORS: message % {"answers": ", ".join(taken.values())}}, 409
        )
    except ValueError:
        return _refused(request, pk, {NON_FIELD_ERRORS: _("The page is out of date. Reload it.")}, 422)
    if request.headers.get("X-In-Place"):
        return JsonResponse({"saved": True})
    messages.success(request, _("Saved."))
    return redirect("infusion_day", pk)


@require_POST
def infusion_check(request: Request, pk: int) -> HttpResponse:
    """The second person's check of the dose, by their own name and password."""
    place = day_place_for(request.user, pk, ENTER)
    username, password, code = (
        request.POST.get(name, "") for name in ("second_username", "second_password", "second_code")
    )
    version = request.POST.get("version", "")
    second = confirm_second(request, username, password, code)
    if isinstance(second, Refusal):
        return _refused(request, pk, {second.field: str(second)}, 422)
    try:
        services.check_dose(
            place,
            by=second,
            asked_by=request.user,
            version=int(version) if version.isdecimal() else 0,
            reason=request.POST.get("reason", "")[:500],
        )
    except ValidationError as error:
        return _refused(request, pk, _by_field(error), 422)
    except PermissionDenied:
        message = _("This person does not enter data at this site. Ask somebody who does.")
        return _refused(request, pk, {"second_username": message}, 422)
    if request.headers.get("X-In-Place"):
        return JsonResponse({"saved": True})
    messages.success(request, _("The dose is checked."))
    return redirect("infusion_day", pk)


def _context(request: Request, place: DayPlace, page: DayPage) -> dict[str, object]:
    participant = place.participant
    locked = bool(lock_on(participant, place.visit))
    may_enter = may(request.user, ENTER, participant.study, participant.site)
    age = weight_age(page)
    return {
        "page": page,
        "place": place,
        "participant": participant,
        "study": participant.study,
        "visit": place.visit,
        "locked": locked,
        "may_enter": may_enter and not locked,
        "calculation": calculation(page.dose, page) if page.dose else "",
        "weight_days": age.days if age else 0,
        "weight_old": bool(age and age.days > place.protocol.weight_days),
        "washout": washout_sentence(place.period, washout_before(place.period)),
    }


def _typed_day(text: str) -> date | None:
    try:
        return read(text) if text else None
    except NotADayError:
        return None


def _by_field(error: ValidationError) -> dict[str, str]:
    return {name: " ".join(lines) for name, lines in errors_by_field(error).items()}


def _refused(request: Request, pk: int, errors: dict[str, str], status: int) -> HttpResponse:
    if request.headers.get("X-In-Place"):
        return JsonResponse({"errors": errors}, status=status)
    for message in errors.values():
        messages.error(request, message)
    return redirect("infusion_day", pk)
