"""The page of what waits today."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from assessments.today.worklist import reviews, to_enter, to_report
from enrollment.halts.text import standing_sentence
from enrollment.selectors import study_for
from enrollment.today.worklist import unblinded_lately, worklist
from trialsite.accounts.http import Request


@require_GET
def today(request: Request, study: str) -> HttpResponse:
    """Home: what this person can do now, this week, and what waits on others."""
    trial = study_for(request.user, study, "home.view")
    user = request.user
    columns = worklist(user, trial, [*to_report(user, trial), *to_enter(user, trial), *reviews(user, trial)])
    context = {
        "columns": columns,
        "busy": any(column.n for column in columns),
        "unblinded": unblinded_lately(request.user, trial),
        "standing_still": standing_sentence(trial),
    }
    return render(request, "assessments/today/today.html", context)
