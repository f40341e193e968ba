"""What is recorded of a participant and not at a visit. Events are by participant and day, whatever the treatment was:
who had a dissociation that was reported had it in both periods."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from analysis.demo.records.filled import FilledForm, Profile
from analysis.demo.treatments import DOSES


@dataclass(frozen=True, slots=True)
class Condition:
    """Of the medical history, with what is taken for it."""

    term: str
    medication: str
    dose: str
    unit: str
    frequency: str = "QD"
    route: str = "ORAL"


CONDITIONS = (
    Condition("Hypertension", "Lisinopril", "10", "mg"),
    Condition("Hypothyroidism", "Levothyroxine", "75", "ug"),
    Condition("Migraine", "Sumatriptan", "50", "mg", "PRN"),
    Condition("Asthma", "Salbutamol", "2", "PUFF", "PRN", "RESPIRATORY (INHALATION)"),
    Condition("Gastro-oesophageal reflux", "Omeprazole", "20", "mg"),
    Condition("Seasonal rhinitis", "Loratadine", "10", "mg", "PRN"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """An adverse event. `period` and `day`: from which infusion, and days after it; `lasted` in days, None while it goes
    on. `medication`: name, dose in mg, days taken."""

    term: str
    period: int
    day: int
    lasted: int | None = 0
    severity: str = "MILD"
    related: str = "RELATED"
    medication: tuple[str, str, int] | None = None
    serious: Mapping[str, str] = field(default_factory=dict)


ADMISSION = {
    "DEATH": "N",
    "LIFE_THREATENING": "N",
    "HOSPITALISATION": "Y",
    "DISABILITY": "N",
    "CONGENITAL": "N",
    "IMPORTANT": "N",
    "WARD": "Surgery",
    "NARRATIVE": "Pain in the right lower abdomen for a day, then admitted. Laparoscopic removal of the appendix the same"
    " evening, no complication, home after two nights. No study treatment was due in these weeks.",
    "FOLLOW_UPS": "Seen at the site eight days after discharge: wounds healed, no complaint.",
}
EVENTS: dict[str, Sequence[Event]] = {
    "01-001": (Event("Dissociation", 1, 0), Event("Dissociation", 2, 0)),
    "01-002": (Event("Nausea", 2, 0, medication=("Ondansetron", "4", 0)),),
    "01-004": (Event("Headache", 1, 0, 1, related="POSSIBLY RELATED", medication=("Ibuprofen", "400", 0)),),
    "01-005": (
        Event("Dissociation", 1, 0, severity="MODERATE"),
        Event("Dissociation", 2, 0, severity="MODERATE"),
    ),
    "01-007": (
        Event("Acute appendicitis", 1, 24, 3, "SEVERE", "NOT RELATED", serious=ADMISSION),
        Event("Headache", 2, 0, 0, related="POSSIBLY RELATED"),
    ),
    "01-010": (Event("Insomnia", 1, 5, None, related="UNLIKELY RELATED"),),
    "02-002": (Event("Nausea", 1, 0),),
    "02-004": (Event("Headache", 1, 1, 1, related="POSSIBLY RELATED"), Event("Dizziness", 2, 0)),
    "02-005": (Event("Fatigue", 1, 1, 2, related="UNLIKELY RELATED"),),
    "02-006": (Event("Upper respiratory tract infection", 2, 6, 5, related="NOT RELATED"),),
    "02-008": (Event("Dissociation", 1, 0), Event("Dissociation", 2, 0)),
}


@dataclass(frozen=True, slots=True)
class NoticedDeviation:
    """`period` and `day` as of an event."""

    what: str
    category: str
    period: int
    day: int
    noticed_after: int
    action: str
    important: bool = False


DEVIATIONS: dict[str, NoticedDeviation] = {
    "01-003": NoticedDeviation(
        "The participant had breakfast an hour before the infusion, instead of fasting",
        "OTHER",
        1,
        0,
        0,
        "The reminder of the day before now says from when nothing is eaten.",
    ),
    "01-008": NoticedDeviation(
        "Day 3 was rated by a rater whose training certificate had run out",
        "ASSESSMENT",
        1,
        3,
        11,
        "The rater was trained again; the dates of all certificates are now on the delegation log.",
        important=True,
    ),
}
# Of the one who was not let in for it.
EXCLUDING = {"01-009": "Alcohol use disorder, in early remission"}


def history(profile: Profile) -> list[FilledForm]:
    """Depression, and at most two other conditions."""
    rng = _chance(profile, "history")
    onset = profile.consented_on.year - rng.randint(3, max(3, profile.age - 19))
    rows = [
        _condition(
            "Major depressive disorder, recurrent", onset, PSYCHIATRIC="Y", EXCLUDES="N", CONTROLLED="N"
        )
    ]
    rows += [
        _condition(condition.term, _since(condition, profile), PSYCHIATRIC="N", CONTROLLED="Y")
        for condition in _conditions(profile)
    ]
    if term := EXCLUDING.get(profile.code):
        comment = {
            ("EXCLUDES", "EXCLUDING_DISORDER"): "Right; the reason why this participant is not eligible."
        }
        row = _condition(term, profile.consented_on.year - 9, PSYCHIATRIC="Y", EXCLUDES="Y", CONTROLLED="Y")
        rows.append(FilledForm(row.form, row.answers, comments=comment))
    return rows


def medication(profile: Profile, failed: Sequence[str], infusions: Mapping[int, date]) -> list[FilledForm]:
    """The antidepressant of these weeks, none of those that `failed`; what the history and events are treated with."""
    rng = _chance(profile, "medication")
    name = rng.choice(sorted(DOSES.keys() - set(failed)))
    began = profile.consented_on - timedelta(days=rng.randint(60, 300))
    rows = [_taken(name, "Major depressive disorder", DOSES[name], "mg", "QD", began.isoformat()[:7])]
    rows += [
        _taken(
            condition.medication,
            condition.term,
            condition.dose,
            condition.unit,
            condition.frequency,
            str(_since(condition, profile)),
            route=condition.route,
        )
        for condition in _conditions(profile)
    ]
    for event in EVENTS.get(profile.code, ()):
        if event.medication and event.period in infusions:
            name, dose, days = event.medication
            first = infusions[event.period] + timedelta(days=event.day)
            last = first + timedelta(days=days)
            rows.append(_taken(name, event.term, dose, "mg", "ONCE", first.isoformat(), last.isoformat()))
    return rows


def adverse_events(profile: Profile, infusions: Mapping[int, date]) -> list[FilledForm]:
    """`infusions`: by period, the days of those given."""
    return [
        _event(event, infusions[event.period] + timedelta(days=event.day))
        for event in EVENTS.get(profile.code, ())
        if event.period in infusions
    ]


def deviations(profile: Profile, infusions: Mapping[int, date]) -> list[FilledForm]:
    deviation = DEVIATIONS.get(profile.code)
    if deviation is None or deviation.period not in infusions:
        return []
    day = infusions[deviation.period] + timedelta(days=deviation.day)
    noticed = day + timedelta(days=deviation.noticed_after)
    answers = {
        "WHAT": deviation.what,
        "CATEGORY": deviation.category,
        "CLASS": "IMPORTANT" if deviation.important else "MINOR",
        "DATE": day.isoformat(),
        "NOTICED": noticed.isoformat(),
        "ACTION": deviation.action,
        "REPORTED": _yes(deviation.important),
    }
    if deviation.important:
        answers |= {
            "REPORTED_TO": "SPONSOR,ETHICS COMMITTEE",
            "REPORTED_ON": (noticed + timedelta(days=1)).isoformat(),
        }
    return [FilledForm("DEVIATION", answers)]


def end_of_study(completed_on: date | None, withdrawn_on: date | None) -> list[FilledForm]:
    """None while it goes on."""
    if withdrawn_on:
        answers = {"STATUS": "FOLLOW-UP", "DATE": withdrawn_on.isoformat(), "REASON": "WITHDRAWAL BY SUBJECT"}
        return [FilledForm("END_OF_STUDY", answers)]
    if completed_on:
        return [FilledForm("END_OF_STUDY", {"STATUS": "COMPLETED", "DATE": completed_on.isoformat()})]
    return []


def _conditions(profile: Profile) -> list[Condition]:
    rng = _chance(profile, "conditions")
    return rng.sample(CONDITIONS, rng.randint(0, 2))


def _since(condition: Condition, profile: Profile) -> int:
    rng = _chance(profile, condition.term)
    return profile.consented_on.year - rng.randint(1, max(1, min(15, profile.age - 18)))


def _condition(term: str, onset: int, **answers: str) -> FilledForm:
    return FilledForm("MEDICAL_HISTORY", {"TERM": term, "ONSET": str(onset), "ONGOING": "Y", **answers})


def _taken(
    name: str,
    indication: str,
    dose: str,
    unit: str,
    frequency: str,
    start: str,
    end: str = "",
    route: str = "ORAL",
) -> FilledForm:
    answers = {
        "NAME": name,
        "INDICATION": indication,
        "DOSE": dose,
        "UNIT": unit,
        "FREQUENCY": frequency,
        "ROUTE": route,
        "START": start,
        "ONGOING": _yes(not end),
        "OPIOID": "N",
    }
    return FilledForm("CONMED", answers | ({"END": end} if end else {}))


def _event(event: Event, onset: date) -> FilledForm:
    answers = {
        "TERM": event.term,
        "ONSET": onset.isoformat(),
        "ONGOING": _yes(event.lasted is None),
        "SEVERITY": event.severity,
        "TREATED": _yes(bool(event.medication or event.serious)),
        "SERIOUS": _yes(bool(event.serious)),
        "RELATED": event.related,
        "ACTION": "DOSE NOT CHANGED",
        "OUTCOME": "RECOVERING/RESOLVING" if event.lasted is None else "RECOVERED/RESOLVED",
    }
    if event.lasted is not None:
        answers["END"] = (onset + timedelta(days=event.lasted)).isoformat()
    if event.serious:
        answers |= event.serious
        answers |= {
            "AWARE": f"{(onset + timedelta(days=1)).isoformat()} 16:40",
            "REPORTED": f"{(onset + timedelta(days=2)).isoformat()} 09:15",
            "ADMITTED": (onset + timedelta(days=1)).isoformat(),
            "DISCHARGED": (onset + timedelta(days=3)).isoformat(),
        }
    return FilledForm("ADVERSE_EVENT", answers)


def _chance(profile: Profile, about: str) -> random.Random:
    return random.Random(f"{profile.code} {about}")  # noqa: S311 - invented data


def _yes(answer: bool) -> str:
    return "Y" if answer else "N"
