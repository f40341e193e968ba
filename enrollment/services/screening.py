"""Screening: consent, facts, failed treatments, and the investigator's decision."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Min
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.domain import eligibility
from enrollment.models import (
    EligibilityDecision,
    EnrollmentPause,
    Fact,
    FailedTreatment,
    Participant,
    ProtocolVersion,
    Visit,
)
from enrollment.selectors import facts_of, today_at
from enrollment.services.drafts import discard_screening_draft
from trialsite.accounts.acting import act
from trialsite.accounts.models import Site, User
from trialsite.lib.errors import Conflict

SCREENING = "SCREENING"


def screen(site: Site, *, by: User, consented_on: date, age: int, sex: str) -> Participant:
    """Begin screening a person at `site`; they get the site's next code. Raises ValidationError by field."""
    with act(by, "participant.screen", site.study, site):
        if EnrollmentPause.objects.filter(study=site.study, lifted_at=None).exists():
            raise ValidationError(
                _("Enrolment of this study is paused. Nobody can be screened until it is resumed.")
            )
        _check_consent(consented_on, site)
        with connection.cursor() as cursor:
            # Two people at one site at once must not get one code.
            cursor.execute("select pg_advisory_xact_lock(hashtext('participant.code'), %s)", [site.pk])
        number = Participant.objects.filter(site=site).count() + 1
        participant = Participant.objects.create(
            study=site.study,
            site=site,
            protocol=site.study.protocols.latest(),
            code=f"{site.code}-{number:03d}",
            consented_on=consented_on,
            age=age,
            sex=sex,
        )
        Visit.objects.create(
            participant=participant, code=SCREENING, label=_("Screening"), planned_on=consented_on
        )
        _write_facts(participant, {"age": age, "consent": True}, source="screening form")
    return participant


def record_screening(
    participant: Participant,
    *,
    by: User,
    version: int,
    consented_on: date,
    age: int,
    sex: str,
    checklist: Mapping[str, bool | None],
    reason: str = "",
) -> None:
    """Save the screening form, also after the decision. `checklist`: fact name → yes, no or not yet known.

    Raises Conflict when `version` is not the saved one, ValidationError when a changed value has no reason.
    """
    with act(by, "participant.screen", participant.study, participant.site, reason=reason):
        saved = _locked(participant)
        if saved.version != version:
            raise Conflict(saved)
        _check_consent(consented_on, saved.site)
        if (first := _first_done(saved)) and consented_on > first:
            said = _("What was done on %(day)s lies before this consent date. Check both dates.")
            raise ValidationError({"consented_on": said % {"day": date_format(first)}})
        facts = {"age": age, "consent": True, **checklist}
        changes_saved_value = (saved.consented_on, saved.age, saved.sex) != (consented_on, age, sex) or any(
            value is not None and facts.get(name, value) != value for name, value in facts_of(saved).items()
        )
        if changes_saved_value and not reason.strip():
            raise ValidationError({"reason": _("You change a saved value. Say why, for the audit trail.")})
        saved.consented_on, saved.age, saved.sex, saved.version = consented_on, age, sex, version + 1
        saved.save()
        _write_facts(saved, facts, source="screening form")
        discard_screening_draft(saved, by=by)


def add_treatment(
    participant: Participant, *, by: User, kind: str, name: str, dose: str, weeks: int | None, outcome: str
) -> FailedTreatment:
    with act(by, "participant.screen", participant.study, participant.site, reason="treatment added"):
        _locked(participant)
        treatment = FailedTreatment.objects.create(
            participant=participant, kind=kind, name=name.strip(), dose=dose, weeks=weeks, outcome=outcome
        )
        _count_failed(participant)
    return treatment


def remove_treatment(treatment: FailedTreatment, *, by: User, reason: str) -> None:
    """Take a treatment off the list; the row stays, marked removed."""
    participant = treatment.participant
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the treatment is taken off the list.")})
    with act(by, "participant.screen", participant.study, participant.site, reason=reason):
        _locked(participant)
        FailedTreatment.objects.filter(pk=treatment.pk).update(removed=True)
        _count_failed(participant)


def record_fact(
    participant: Participant, name: str, value: float | None, *, by: User, source: str, reason: str = ""
) -> None:
    """What another room measured, for eligibility: the HAM-D total comes this way."""
    with act(
        by, "assessment.enter", participant.study, participant.site, reason=reason or f"{source} recorded"
    ):
        _write_facts(participant, {name: value}, source=source)


def confirm_eligibility(participant: Participant, *, by: User, comment: str = "") -> EligibilityDecision:
    """The investigator confirms what the criteria say: eligible, or a screen failure with its reasons.

    Raises ValidationError while a criterion is unknown.
    """
    with act(by, "eligibility.confirm", participant.study, participant.site, reason="eligibility confirmed"):
        saved = _locked(participant)
        if saved.status != Participant.Status.SCREENING:
            raise ValidationError(
                _("Screening of %(code)s is closed (%(status)s); the decision stands.")
                % {"code": saved.code, "status": saved.get_status_display()}
            )
        facts = facts_of(saved)
        verdict = eligibility.judge(saved.protocol.rules.criteria, facts)
        if verdict.verdict == "incomplete":
            raise ValidationError(_("Some criteria are not known yet. Complete them before you confirm."))
        eligible = verdict.verdict == "eligible"
        decision = EligibilityDecision.objects.create(
            participant=saved,
            eligible=eligible,
            criteria=[asdict(result) for result in verdict.results],
            facts={
                fact.name: {"value": None if fact.value is None else float(fact.value), "source": fact.source}
                for fact in saved.facts.all()
            },
            comment=comment,
            decided_by=by,
        )
        saved.status = Participant.Status.ELIGIBLE if eligible else Participant.Status.SCREEN_FAILED
        if not eligible:
            saved.left_reason = "; ".join(_(result.message) % result.params for result in verdict.not_met)
        saved.version += 1
        saved.save()
    return decision


def _locked(participant: Participant) -> Participant:
    return (
        Participant.objects.select_for_update(of=["self"])
        .select_related("protocol", "site", "study")
        .get(pk=participant.pk)
    )


def _check_consent(consented_on: date, site: Site) -> None:
    if consented_on > today_at(site):
        raise ValidationError({"consented_on": _("The consent date lies in the future. Check the date.")})


def _first_done(participant: Participant) -> date | None:
    """The first day on which a visit took place or a treatment was given."""
    visits = participant.visits.aggregate(first=Min("performed_on"))["first"]
    given = participant.periods.aggregate(first=Min("dosed_on"))["first"]
    return min((day for day in (visits, given) if day), default=None)


def _write_facts(participant: Participant, facts: Mapping[str, float | bool | None], *, source: str) -> None:
    saved = {fact.name: fact for fact in participant.facts.all()}
    for name, value in facts.items():
        number = None if value is None else Decimal(str(float(value)))
        fact = saved.get(name)
        if fact is None:
            if number is not None:
                Fact.objects.create(participant=participant, name=name, value=number, source=source)
        elif fact.value != number:
            fact.value, fact.source = number, source
            fact.save()
    _decide_again(participant)


def _decide_again(participant: Participant) -> None:
    """Who was confirmed eligible, and by what is known now is not, goes back to screening: the earlier decision stays on
    record, and nobody is randomised on it."""
    waiting = (
        Participant.objects.select_for_update()
        .filter(pk=participant.pk, status=Participant.Status.ELIGIBLE)
        .first()
    )
    if waiting is None:
        return
    rules = ProtocolVersion.objects.known(waiting.protocol_id).rules
    if eligibility.judge(rules.criteria, facts_of(waiting)).verdict != "eligible":
        waiting.status = Participant.Status.SCREENING
        waiting.version += 1
        waiting.save()


def _count_failed(participant: Participant) -> None:
    """Different treatments that did not help enough: the same name twice counts once."""
    names = participant.treatments.filter(removed=False, outcome__in=FailedTreatment.FAILED).values_list(
        "kind", "name"
    )
    count = len({(kind, name.casefold()) for kind, name in names})
    _write_facts(participant, {"failed_treatments": count}, source="treatment list")
