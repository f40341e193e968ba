"""What an amendment changes, in words: the keys of the protocol file as people say them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.domain.amendment import Difference, Entry, name_of

LABELS = {
    "adjudicate_from": gettext_lazy("points apart from which two ratings are adjudicated"),
    "after": gettext_lazy("days after the planned day"),
    "alert_escalation_minutes": gettext_lazy("Minutes until a safety alert is escalated"),
    "allocation": gettext_lazy("Allocation"),
    "alpha": gettext_lazy("type I error"),
    "anchor": gettext_lazy("counted from"),
    "arms": gettext_lazy("Treatments"),
    "baseline_visit": gettext_lazy("baseline visit"),
    "before": gettext_lazy("days before the planned day"),
    "before_consent": gettext_lazy("class of anything done before consent"),
    "below": gettext_lazy("futility below"),
    "blinding": gettext_lazy("Blinding"),
    "block_sizes": gettext_lazy("block sizes"),
    "capsule_minutes": gettext_lazy("minutes from capsule to infusion"),
    "capsule_tolerance": gettext_lazy("tolerance of the time from capsule to infusion"),
    "classification": gettext_lazy("class of the deviation"),
    "code": gettext_lazy("Code"),
    "compare": gettext_lazy("treatments compared"),
    "completers": gettext_lazy("completers"),
    "consent_not_approved": gettext_lazy("class of a consent text not approved on the day"),
    "correlation": gettext_lazy("correlation of the two responses"),
    "criteria": gettext_lazy("Eligibility criteria"),
    "day": gettext_lazy("planned day"),
    "description": gettext_lazy("description"),
    "design": gettext_lazy("planned effect"),
    "deviations": gettext_lazy("Deviations"),
    "dose_maximum": gettext_lazy("highest dose"),
    "dose_per_kg": gettext_lazy("dose per kilogram"),
    "dose_step": gettext_lazy("dose is rounded to"),
    "dosing_label": gettext_lazy("Name of the dosing"),
    "endpoint": gettext_lazy("endpoint"),
    "endpoints": gettext_lazy("Endpoints"),
    "event": gettext_lazy("event counted"),
    "expected": gettext_lazy("answer needed"),
    "expected_reactions": gettext_lazy("Expected reactions"),
    "exploratory_endpoints": gettext_lazy("Exploratory endpoints"),
    "fact": gettext_lazy("what is judged"),
    "form": gettext_lazy("form"),
    "forms": gettext_lazy("Forms"),
    "futility": gettext_lazy("futility"),
    "group": gettext_lazy("inclusion or exclusion"),
    "halts": gettext_lazy("what a stop halts"),
    "id": gettext_lazy("identifier"),
    "infusion": gettext_lazy("Infusion day"),
    "infusion_minutes": gettext_lazy("minutes of the infusion"),
    "infusion_tolerance": gettext_lazy("tolerance of the infusion's length"),
    "instrument": gettext_lazy("instrument"),
    "instruments": gettext_lazy("Instruments"),
    "item": gettext_lazy("item"),
    "item_maxima": gettext_lazy("highest item values"),
    "kind": gettext_lazy("kind"),
    "kit": gettext_lazy("where the kit number is recorded"),
    "label": gettext_lazy("name"),
    "looks": gettext_lazy("looks"),
    "max_days": gettext_lazy("longest, in days"),
    "maximum": gettext_lazy("highest value"),
    "method": gettext_lazy("method"),
    "min_days": gettext_lazy("shortest, in days"),
    "minimum": gettext_lazy("lowest value"),
    "minimum_sets": gettext_lazy("fewest sets at a site"),
    "minutes": gettext_lazy("minutes after the start"),
    "missing_baseline": gettext_lazy("class of a treatment without a baseline rating"),
    "missing_reasons": gettext_lazy("Reasons for missing values"),
    "most_missing": gettext_lazy("items that may be missing"),
    "name": gettext_lazy("name"),
    "number": gettext_lazy("number"),
    "on": gettext_lazy("on the day"),
    "p0": gettext_lazy("tolerable rate"),
    "parameters": gettext_lazy("Parameters"),
    "period_order": gettext_lazy("class of periods out of order"),
    "periods": gettext_lazy("Periods"),
    "planned_enrolment": gettext_lazy("Planned enrolment"),
    "primary_visit": gettext_lazy("primary visit"),
    "prior": gettext_lazy("prior of the rate"),
    "prorate": gettext_lazy("prorated total"),
    "prorated_decimals": gettext_lazy("decimals of a prorated total"),
    "rating_after_dose": gettext_lazy("class of a baseline rated after the dose"),
    "rating_before_dose": gettext_lazy("class of a later visit rated before the dose"),
    "ratings": gettext_lazy("ratings on the day"),
    "remission_max": gettext_lazy("highest total in remission"),
    "response_percent": gettext_lazy("reduction for a response, in percent"),
    "responses": gettext_lazy("shares expected to respond"),
    "safety": gettext_lazy("safety"),
    "screening_forms": gettext_lazy("Forms at screening"),
    "screening_instruments": gettext_lazy("Instruments at screening"),
    "second_rating": gettext_lazy("visits with a second rating"),
    "sequences": gettext_lazy("Sequences"),
    "short_title": gettext_lazy("Short title"),
    "sides": gettext_lazy("sides of the test"),
    "signing_rest_hours": gettext_lazy("Hours without signing after a reset"),
    "sites": gettext_lazy("Sites"),
    "spare_sets": gettext_lazy("spare sets"),
    "spending": gettext_lazy("boundary"),
    "stopping": gettext_lazy("Interim looks"),
    "stratify_by": gettext_lazy("stratified by"),
    "supply": gettext_lazy("Kit supply"),
    "synthetic": gettext_lazy("Invented participants"),
    "target_days": gettext_lazy("target, in days"),
    "target_sets": gettext_lazy("sets a site is filled up to"),
    "tau": gettext_lazy("certainty needed"),
    "test": gettext_lazy("test"),
    "text": gettext_lazy("text"),
    "timezone": gettext_lazy("time zone"),
    "title": gettext_lazy("Title"),
    "tolerance": gettext_lazy("tolerance"),
    "tolerances": gettext_lazy("tolerances"),
    "totals_only": gettext_lazy("totals without items"),
    "under": gettext_lazy("effect assumed for the rest"),
    "unit": gettext_lazy("unit"),
    "urine_screen": gettext_lazy("form of the urine screen"),
    "value": gettext_lazy("how the number is found"),
    "version": gettext_lazy("Version"),
    "visit": gettext_lazy("visit"),
    "visit_missed": gettext_lazy("class of a missed visit"),
    "visit_order": gettext_lazy("class of visits out of order"),
    "visit_window": gettext_lazy("class of a visit outside its window"),
    "visits": gettext_lazy("Visits"),
    "vital_signs": gettext_lazy("form of the vital signs"),
    "vital_signs_every": gettext_lazy("minutes between vital signs"),
    "vital_signs_tolerance": gettext_lazy("tolerance of vital signs"),
    "vital_signs_until": gettext_lazy("vital signs until, in minutes"),
    "washout": gettext_lazy("Washout"),
    "washout_maximum": gettext_lazy("class of a washout too long"),
    "washout_minimum": gettext_lazy("class of a washout too short"),
    "weight_days": gettext_lazy("days for which a weight holds"),
    "wrong_kit": gettext_lazy("class of a wrong kit"),
}


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A row of the list: "Visits", "DAY3, days after the planned day", "1", "2"."""

    section: str
    what: str
    before: str
    after: str


def changed_values(differences: Iterable[Difference]) -> list[ChangedValue]:
    """In the order given; the version itself, which every amendment changes, is left out."""
    return [
        ChangedValue(
            section=_label(difference.path[0]),
            what=", ".join(map(_label, difference.path[1:])),
            before=value_text(difference.before),
            after=value_text(difference.after),
        )
        for difference in differences
        if difference.path != ("version",)
    ]


def _label(step: str) -> str:
    return str(step) if isinstance(step, Entry) else str(LABELS[step])


def value_text(value: Any) -> str:
    """A value of a protocol as a person reads it; "not there" for None."""
    if value is None:
        return _("not there")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if is_dataclass(value):
        parts = ((_label(field.name), getattr(value, field.name)) for field in fields(value))
        return "; ".join(
            f"{label}: {value_text(part)}" for label, part in parts if part not in (None, (), {})
        )
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {value_text(part)}" for name, part in value.items()) or _("none")
    if isinstance(value, tuple):
        return ", ".join(name_of(part) if is_dataclass(part) else value_text(part) for part in value) or _(
            "none"
        )
    return f"{value:g}" if isinstance(value, float) else str(value)
