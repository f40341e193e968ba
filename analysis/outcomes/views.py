"""Where an outcome comes from, and which outcome rules hold."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from analysis.outcomes.explain import explained
from analysis.outcomes.forms import AdoptionForm
from analysis.outcomes.proposal import propose
from analysis.outcomes.rules import rule_version, rules_in_force
from analysis.outcomes.services import adopt_rules
from assessments.rating.second import withheld_from
from enrollment.selectors import participant_for, study_for
from trialsite.accounts.http import Request
from trialsite.accounts.policy import may
from trialsite.lib.errors import Conflict

SHOWN = 200


@require_GET
def outcomes(request: Request, study: str, code: str) -> HttpResponse:
    """Each outcome of a participant: the reason first, then what it was made of, by which rule, when and by what."""
    participant = participant_for(request.user, study, code, "dashboard.view")
    links = may(request.user, "assessment.view", participant.study, participant.site)
    withheld = bool(withheld_from(request.user, [participant]))
    context = {
        "study": participant.study,
        "participant": participant,
        "withheld": withheld,
        "page": None if withheld else explained(participant, links=links),
        "may_open": may(request.user, "participant.view", participant.study, participant.site),
    }
    return render(request, "analysis/outcomes/outcomes.html", context)


@require_http_methods(["GET", "POST"])
def outcome_rules(request: Request, study: str) -> HttpResponse:
    """The rules in force; when others wait, what they would change, and the decision to adopt them."""
    trial = study_for(request.user, study, "outcomes.adopt")
    proposal, status = propose(trial), 200
    form = AdoptionForm(request.POST or None)
    if proposal and form.is_valid():
        try:
            adopt_rules(proposal.protocol, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except Conflict as conflict:
            proposal, status = conflict.current, 409
        else:
            messages.success(request, _("Adopted. All outcomes are being derived again under the new rules."))
            return redirect("outcome_rules", study)
    current = rules_in_force(trial)
    context = {
        "form": form,
        "proposal": proposal,
        "changed": status == 409,
        "shown": proposal.changes[:SHOWN] if proposal else (),
        "current": current,
        "rule_version": rule_version(current),
        "adoptions": trial.adoptions.select_related("adopted_by", "protocol").order_by("-id"),
    }
    return render(request, "analysis/outcomes/outcome_rules.html", context, status=status)
