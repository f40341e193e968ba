"""The treatments that failed an invented participant, as records of the form that the protocol has for them."""

import random
import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from analysis.demo.invented import InventedParticipant
from assessments.domain.values import Quantity, to_json
from assessments.models import FormVersion, Record
from assessments.models.record import TREATMENTS
from enrollment.domain.brands import substance_of
from enrollment.models import Participant, ProtocolVersion
from trialsite.accounts.models import User

# mg a day that are usual.
DOSES = {
    "Sertraline": "150",
    "Venlafaxine": "225",
    "Bupropion": "300",
    "Mirtazapine": "30",
    "Escitalopram": "20",
    "Duloxetine": "60",
}
UNIT = "mg/day"
WEEKS = 8


def treatment_records(
    protocol: ProtocolVersion, pairs: Iterable[tuple[Participant, InventedParticipant]], *, by: User
) -> Iterator[Record]:
    """None where the protocol has no form for them."""
    definition = FormVersion.objects.named_by(protocol).get(TREATMENTS)
    for row, participant in pairs if definition else ():
        # Of its own, so that nothing else of the demo is another for it; the same in every demo.
        rng = random.Random(f"{row.code} treatments")  # noqa: S311 - invented data
        for number, name in enumerate(participant.treatments, start=1):
            yield Record(
                participant=row,
                definition=definition,
                form=TREATMENTS,
                repeat_key=number,
                status=Record.Status.COMPLETE,
                items=_course(name),
                entered_by=by,
                form_token=uuid.UUID(int=rng.getrandbits(128), version=4),
            )


def _course(name: str) -> dict[str, Any]:
    """Of an antidepressant, as the page of the form saves it."""
    dose = Decimal(DOSES[name])
    return {
        "KIND": "ANTIDEPRESSANT",
        "NAME": name,
        "DOSE": to_json(Quantity(dose, UNIT, dose)),
        "WEEKS": WEEKS,
        "CURRENT_EPISODE": True,
        "ADEQUATE": True,
        "OUTCOME": "INSUFFICIENT",
        "FAILED": True,
        "SUBSTANCE": substance_of(name),
    }
