"""Deviations as pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from assessments.deviations.selectors import CLOSE, REVIEW
from assessments.deviations.text import rule_text, what_happened, where
from assessments.models import Deviation
from trialsite.accounts.models import User
from trialsite.accounts.policy import may

Status = Deviation.Status
# Step → the action of the policy, and the states in which it can be taken.
POSSIBLE = {
    "review": (REVIEW, {Status.OPEN, Status.REVIEWED}),
    "close": (CLOSE, {Status.REVIEWED}),
    "reopen": (CLOSE, {Status.REVIEWED, Status.CLOSED}),
}


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """`rule`: what is broken; `happened`: by how much; `where`: period and visit."""

    deviation: Deviation
    rule: str
    happened: str
    where: str


def page_rows(deviations: Iterable[Deviation]) -> list[DeviationRow]:
    return [
        DeviationRow(deviation, rule_text(deviation), what_happened(deviation), where(deviation))
        for deviation in deviations
    ]


def steps_of(user: User, deviation: Deviation) -> list[str]:
    """What `user` may do with it now."""
    participant = deviation.participant
    return [
        step
        for step, (action, states) in POSSIBLE.items()
        if deviation.status in states and may(user, action, participant.study, participant.site)
    ]
