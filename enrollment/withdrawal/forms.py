"""The form of a withdrawal."""

from django.utils.translation import gettext_lazy as _

from enrollment.forms import DayForm, ReasonForm
from trialsite.accounts.fields import DayField


class WithdrawForm(DayForm, ReasonForm):
    day = "left_on"
    left_on = DayField(label=_("Date of withdrawal"))
    field_order = ["left_on", "kept_because", "reason"]
