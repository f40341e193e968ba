"""The waiting list of a site, with dates that are best for all together."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from enrollment.availability.proposed_text import nothing_possible, proposed_day
from enrollment.availability.selectors import hours_of
from enrollment.proposals import services
from enrollment.proposals.selectors import waiting_at
from enrollment.proposals.services import AcceptedDay
from enrollment.respond import say_errors
from enrollment.selectors import site_for, study_for
from trialsite.accounts.http import Request
from trialsite.lib.errors import Conflict

KEEP = "schedule.plan"
_signer = Signer(salt="enrollment.proposals")


@require_http_methods(["GET", "POST"])
def waiting_list(request: Request, study: str, site: str) -> HttpResponse:
    """Who waits, with a proposed date each; a POST accepts the ticked ones."""
    trial = study_for(request.user, study, "study.view")
    place = site_for(request.user, trial, site, KEEP)
    if request.method == "POST":
        try:
            planned = services.accept_days(place, _accepted(request.POST.getlist("accept")), by=request.user)
        except ValidationError as error:
            say_errors(request, error)
        except (Conflict, BadSignature):
            messages.warning(
                request, _("This list is out of date. It is shown as it is now; nothing was planned.")
            )
        else:
            message = ngettext("%(n)d date planned.", "%(n)d dates planned.", len(planned))
            messages.success(request, message % {"n": len(planned)})
            request.session[f"planned_{place.pk}"] = [[period.pk, period.version] for period in planned]
        return redirect("waiting_list", study, site)
    rows = [
        {
            "waiting": waiting,
            "proposed": proposed_day(waiting.proposed) if waiting.proposed else None,
            "nothing": "" if waiting.proposed else nothing_possible(waiting.days),
            "token": _token(waiting.period.pk, waiting.period.version, waiting.proposed.day)
            if waiting.proposed
            else "",
        }
        for waiting in waiting_at(place)
    ]
    context = {
        "study": trial,
        "site": place,
        "rows": rows,
        "undo": len(request.session.get(f"planned_{place.pk}", [])),
        "assumed": not hours_of(place).version,
    }
    return render(request, "enrollment/proposals/waiting.html", context)


@require_POST
def waiting_undo(request: Request, study: str, site: str) -> HttpResponse:
    """Take back what was accepted last in this session."""
    trial = study_for(request.user, study, "study.view")
    place = site_for(request.user, trial, site, KEEP)
    planned = [(int(pk), int(version)) for pk, version in request.session.pop(f"planned_{place.pk}", [])]
    n = services.take_back_days(place, planned, by=request.user, reason=_("accepted dates taken back"))
    messages.success(request, ngettext("%(n)d date taken back.", "%(n)d dates taken back.", n) % {"n": n})
    return redirect("waiting_list", study, site)


def _token(period: int, version: int, day: date) -> str:
    return _signer.sign(f"{period}/{version}/{day.isoformat()}")


def _accepted(tokens: list[str]) -> list[AcceptedDay]:
    """What the page offered: signed, so that nothing else is taken for it. Raises BadSignature."""
    parts = [_signer.unsign(token).split("/") for token in tokens]
    return [AcceptedDay(int(period), int(version), date.fromisoformat(day)) for period, version, day in parts]
