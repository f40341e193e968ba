"""What stands in a demo before its forms are filled in: who takes part, the visits that took place, their HAM-D."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from analysis.demo.records.filled import Profile, RatedVisit
from assessments.models import Assessment
from enrollment.models import Participant, Period, ProtocolVersion, Visit
from enrollment.supply.selectors import wrong_kit_of
from trialsite.accounts.models import Study

# Items of a HAM-D of which one is missing stand for all.
HAMD_ITEMS = 17


@dataclass(frozen=True, slots=True)
class Casebook:
    """What is known of a participant before the forms are filled in. `visits`: those that took place, each as the database
    has it and as the forms see it."""

    participant: Participant
    profile: Profile
    visits: list[tuple[Visit, RatedVisit]]

    @property
    def infusions(self) -> dict[int, date]:
        return {rated.period: rated.day for _visit, rated in self.visits if rated.kit and rated.period}


def casebooks_of(study: Study, protocol: ProtocolVersion) -> list[Casebook]:
    """Of everybody of whom a visit took place, by site and code."""
    participants = study.participants.select_related("study", "site")
    ratings: dict[int, list[Assessment]] = defaultdict(list)
    endpoint = protocol.definition.endpoints.instrument
    for rating in (
        Assessment.objects.filter(
            participant__study=study, instrument=endpoint, visit__status=Visit.Status.DONE
        )
        .exclude(status=Assessment.Status.NOT_DONE)
        .select_related("visit__period")
        .order_by("visit__period__number", "visit__day")
    ):
        ratings[rating.participant_id].append(rating)
    casebooks = []
    for participant in participants.order_by("site__code", "code"):
        if participant.consented_on and (rated := ratings[participant.pk]):
            participant.protocol = protocol
            visits = list(_rated_visits(participant, rated, protocol.definition.endpoints.baseline_visit))
            casebooks.append(Casebook(participant, _profile(participant, participant.consented_on), visits))
    return casebooks


def _rated_visits(
    participant: Participant, ratings: Iterable[Assessment], baseline_visit: str
) -> Iterator[tuple[Visit, RatedVisit]]:
    """Each visit with what the forms follow from: screening first, then the periods."""
    baselines: dict[int | None, int] = {}
    for rating in sorted(ratings, key=lambda rating: rating.visit.period is not None):
        visit, period = rating.visit, rating.visit.period
        if visit.performed_on is None:
            continue
        visit.participant = participant
        number, total = period.number if period else None, _total(rating)
        if at_baseline := visit.code == baseline_visit:
            baselines[number] = total
        rated = RatedVisit(
            code=visit.code,
            day=visit.performed_on,
            total=total,
            suicidality=rating.items.get("HAMD103", 0),
            period=number,
            baseline=baselines.get(number),
            kit=_given(period) if period and at_baseline else "",
        )
        yield visit, rated


def _given(period: Period) -> str:
    """The number on the box that was given."""
    wrong = wrong_kit_of(period)
    return wrong.given if wrong else period.kit_number


def _total(rating: Assessment) -> int:
    if rating.total is not None:
        return rating.total
    answered: list[int] = list(rating.items.values())
    return round(sum(answered) * HAMD_ITEMS / len(answered))


def _profile(participant: Participant, consented_on: date) -> Profile:
    """Somebody of that sex and age, the same each time."""
    rng = random.Random(f"{participant.code} profile")  # noqa: S311 - invented data
    lightest, heaviest = (530, 880) if participant.sex == "F" else (650, 1080)
    return Profile(
        code=participant.code,
        consented_on=consented_on,
        sex=participant.sex,
        age=participant.age or 0,
        weight=Decimal(rng.randint(lightest, heaviest)) / 10,
        systolic=rng.randint(110, 130),
        diastolic=rng.randint(68, 77),
        pulse=rng.randint(60, 78),
        pounds=participant.site.timezone == "America/New_York",
    )
