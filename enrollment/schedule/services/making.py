"""The periods of who takes part, and their visits, without dates.

Part of randomising and of an import: the caller has authorised, and its transaction and actor hold.
"""

from collections.abc import Mapping
from datetime import date

from enrollment.models import Period, ProtocolVersion, Visit
from trialsite.lib.bulk import insert_like


def make_schedule(
    protocol: ProtocolVersion,
    kits: Mapping[int, Mapping[int, str]],
    performed: Mapping[tuple[int, int, str], date | None],
) -> None:
    """The periods of participants (id → number of the period → kit number) and their visits, without dates.

    `performed`: (participant's id, period, visit's code) of those that took place → when."""
    numbers = [spec.number for spec in protocol.definition.periods]
    periods = insert_like(
        Period(),
        {
            "participant_id": [participant for participant in kits for _ in numbers],
            "number": [number for _ in kits for number in numbers],
            "kit_number": [kits[participant].get(number, "") for participant in kits for number in numbers],
        },
        ("id", "participant_id", "number"),
    )
    visits = [
        (participant, period, spec, (participant, number, spec.code))
        for period, participant, number in sorted(periods)
        for spec in protocol.definition.visits
    ]
    done, planned = Visit.Status.DONE.value, Visit.Status.PLANNED.value
    insert_like(
        Visit(),
        {
            "participant_id": [participant for participant, *_ in visits],
            "period_id": [period for _, period, *_ in visits],
            "code": [spec.code for _, _, spec, _ in visits],
            "label": [spec.label for _, _, spec, _ in visits],
            "day": [spec.day for _, _, spec, _ in visits],
            "status": [done if place in performed else planned for *_, place in visits],
            "performed_on": [performed.get(place) for *_, place in visits],
        },
    )
