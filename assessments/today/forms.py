"""What forms add to the work list: visits that took place, whose forms are not all filled in."""

from collections.abc import Mapping, Sequence

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessments.entry.selectors import form_of, forms_at
from assessments.language import form_language
from assessments.models import FormVersion, Record
from assessments.review.forms import with_review_status
from enrollment.models import ProtocolVersion, Visit
from enrollment.today.action import Action
from trialsite.accounts.keyset import few
from trialsite.accounts.models import Site, Study

MOST = 10
# A task names so many forms.
NAMED = 3
# Code of a visit (None: screening) and the forms that are wanted there → the versions of the protocol that want them.
Wanted = Mapping[tuple[str | None, tuple[str, ...]], list[int]]


def forms_missing(study: Study, sites: Sequence[Site]) -> list[Action]:
    """One task a visit that took place, at `sites`, where data are entered, the oldest MOST of them. They have no day, so
    that what has one is listed before them."""
    wanted = _wanted(study)
    if not wanted:
        return []
    visits = with_review_status(
        Visit.objects.filter(_lacks(wanted), participant__site__in=sites, status=Visit.Status.DONE)
    ).filter(Q(locked=False))
    ordered = visits.select_related("participant", "period").order_by("performed_on", "pk")
    longest = few(ordered, MOST + 1)
    filled: dict[int | None, set[str]] = {}
    for visit, form in Record.objects.in_force().filter(visit__in=longest).values_list("visit", "form"):
        filled.setdefault(visit, set()).add(form)
    actions = [_action(visit, filled.get(visit.pk, set())) for visit in longest[:MOST]]
    return [*actions, _others(study)] if len(longest) > MOST else actions


def _wanted(study: Study) -> Wanted:
    wanted: dict[tuple[str | None, tuple[str, ...]], list[int]] = {}
    for pk in study.protocols.values_list("pk", flat=True):
        protocol = ProtocolVersion.objects.cached(pk).definition
        places = [(None, protocol.screening_forms), *((visit.code, visit.forms) for visit in protocol.visits)]
        for code, forms in places:
            if forms:
                wanted.setdefault((code, tuple(forms)), []).append(pk)
    return wanted


def _lacks(wanted: Wanted) -> Q:
    """Visits of those protocols and codes at which one of their forms has no record."""
    condition = Q()
    for (code, forms), protocols in wanted.items():
        here = Q(period=None) if code is None else Q(period__isnull=False, code=code)
        unfilled = Q()
        for form in forms:
            unfilled |= Q(~Exists(Record.objects.in_force().filter(visit=OuterRef("pk"), form=form)))
        condition |= Q(participant__protocol__in=protocols) & here & unfilled
    return condition


def _action(visit: Visit, filled: set[str]) -> Action:
    participant = visit.participant
    participant.protocol = ProtocolVersion.objects.cached(participant.protocol_id)
    definitions = FormVersion.objects.named_by(participant.protocol)
    language = form_language()
    titles = [
        form_of(definitions[code]).title.text(language)
        for code in forms_at(visit)
        if code not in filled and code in definitions
    ]
    where = _("period %(n)d, ") % {"n": visit.period.number} if visit.period else ""
    return Action(
        participant=participant.code,
        what=_("Fill in the forms"),
        why=f"{where}{visit.label}{_on(visit)}: {_listed(titles)}",
        url=reverse("visit", args=[visit.pk]),
        state="due",
    )


def _others(study: Study) -> Action:
    return Action(
        participant=study.code,
        what=_("Fill in the forms of other visits"),
        why=_("They appear as those above are filled in."),
        url=reverse("participants", args=[study.code]),
        state="due",
    )


def _on(visit: Visit) -> str:
    return f", {date_format(visit.performed_on)}" if visit.performed_on else ""


def _listed(titles: Sequence[str]) -> str:
    names = ", ".join(titles[:NAMED])
    more = len(titles) - NAMED
    if more > 0:
        return _("%(forms)s and %(n)d more") % {"forms": names, "n": more}
    return names
