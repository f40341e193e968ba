"""The days of a participant's course as they are typed: refused where they cannot be, asked about where they are
improbable. The question stands under `kept_because`; whoever answers it says why the day is right."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Min
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.domain import plausible
from enrollment.models import Participant, Period
from enrollment.selectors import today_at
from trialsite.accounts.models import Site
from trialsite.lib.clock import local_date
from trialsite.lib.visible import is_visible

QUESTIONS = {
    "long_ago": gettext_lazy("%(day)s is %(days)d days ago: is the date correct?"),
    "far_ahead": gettext_lazy("%(day)s is %(days)d days in the future: is the date correct?"),
    "past": gettext_lazy("%(day)s is %(days)d days ago, although this is a planned date: is it correct?"),
    "off_plan": gettext_lazy("%(day)s is %(days)d days away from the planned date: is it correct?"),
}


def randomised_on(participant: Participant) -> date | None:
    """The day at the site on which the participant was randomised; None before, and where the trial allocates nobody."""
    if participant.randomised_at is None or participant.protocol.definition.allocation is None:
        return None
    return local_date(participant.randomised_at, participant.site.timezone)


def check_consent(
    consented_on: date, site: Site, *, saved: Participant | None = None, kept_because: str = ""
) -> None:
    """Raises ValidationError for a consent that cannot be on this day, or a question about one that is improbable. A day
    that is `saved` already is not asked about again."""
    today = today_at(site)
    if consented_on > today:
        _refuse("consented_on", _("The consent date is in the future. Check the date."))
    if saved and saved.consented_on == consented_on:
        return
    if plausible.before_any_trial(consented_on, today):
        _refuse("consented_on", _("The consent date is more than ten years ago. Check the year."))
    if saved:
        _check_follows(consented_on, saved)
    ask(plausible.doubt_of_past(consented_on, today), consented_on, today, kept_because)


def _check_follows(consented_on: date, participant: Participant) -> None:
    """Nothing of the trial comes before consent."""
    first_visit = participant.visits.aggregate(first=Min("performed_on"))["first"]
    first_dosing = participant.periods.aggregate(first=Min("dosed_on"))["first"]
    first = min((day for day in (first_visit, first_dosing) if day), default=None)
    if first and consented_on > first:
        message = _("A procedure was done on %(day)s, before this consent date. Check both dates.")
        _refuse("consented_on", message % {"day": date_format(first)})
    randomised = randomised_on(participant)
    if randomised and consented_on > randomised:
        message = _("The participant was randomised on %(day)s, before this consent date. Check the date.")
        _refuse("consented_on", message % {"day": date_format(randomised)})


def check_plan(period: Period, planned_on: date, *, kept_because: str) -> None:
    """The same for the day for which a dosing is planned. The washout rule is the gate's to keep."""
    today = today_at(period.participant.site)
    _check_after_start(period.participant, "planned_on", planned_on)
    if plausible.beyond_any_plan(planned_on, today):
        _refuse("planned_on", _("This date is more than twenty years in the future. Check the year."))
    if planned_on != period.planned_on:
        ask(plausible.doubt_of_plan(planned_on, today), planned_on, today, kept_because)


def check_dosing(period: Period, dosed_on: date, *, kept_because: str) -> None:
    """The same for the day on which a treatment was given."""
    participant = period.participant
    today = today_at(participant.site)
    if dosed_on > today:
        _refuse("dosed_on", _("This date is in the future. Plan it instead."))
    _check_after_start(participant, "dosed_on", dosed_on)
    if dosed_on != period.dosed_on:
        doubt = plausible.doubt_of_dosing(dosed_on, period.planned_on, today)
        nearest = period.planned_on if doubt == "off_plan" and period.planned_on else today
        ask(doubt, dosed_on, nearest, kept_because)


def _check_after_start(participant: Participant, field: str, day: date) -> None:
    """Nobody is treated before consent, nor before they were randomised."""
    if participant.consented_on and day < participant.consented_on:
        message = _("This date is before the consent date, %(day)s. Check both dates.")
        _refuse(field, message % {"day": date_format(participant.consented_on)})
    randomised = randomised_on(participant)
    if randomised and day < randomised:
        message = _("This date is before randomisation, on %(day)s. Check the date.")
        _refuse(field, message % {"day": date_format(randomised)})


def ask(doubt: plausible.Doubt | None, day: date, from_day: date, kept_because: str) -> None:
    """Ask about `day`, so many days away from `from_day`, unless it is said why it is right."""
    if doubt and not is_visible(kept_because):
        values = {"day": date_format(day), "days": abs((day - from_day).days)}
        _refuse("kept_because", QUESTIONS[doubt] % values)


def _refuse(field: str, message: str) -> None:
    raise ValidationError({field: message})


def why(*reasons: str, otherwise: str = "") -> str:
    """Reasons as one, for the audit trail."""
    return "; ".join(reason.strip() for reason in reasons if reason.strip()) or otherwise
