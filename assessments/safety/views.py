"""Acknowledging a safety alert."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from assessments.safety import services
from assessments.safety.selectors import ACKNOWLEDGE, alert_for
from assessments.safety.text import text_of
from enrollment.respond import add_errors
from trialsite.accounts.fields import WordsField
from trialsite.accounts.http import Request


class ActionForm(forms.Form):
    action = WordsField(
        label=gettext_lazy("What was done"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text=gettext_lazy(
            "Who spoke with the participant, the assessed risk, and the next steps. This is kept in the record."
        ),
        error_messages={"required": gettext_lazy("State what was done for the participant's safety.")},
    )


@require_http_methods(["GET", "POST"])
def acknowledge(request: Request, pk: int) -> HttpResponse:
    alert = alert_for(request.user, pk, ACKNOWLEDGE)
    participant = alert.participant
    form = ActionForm(request.POST or None)
    if form.is_valid():
        try:
            services.acknowledge(alert, by=request.user, action=form.cleaned_data["action"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Acknowledged. The action is kept in the participant's record."))
            return redirect("participant", participant.study.code, participant.code)
    context = {"alert": alert, "said": text_of(alert), "participant": participant, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "assessments/safety/acknowledge.html", context, status=status)
