"""A participant's visits to be read in one sitting: what each holds, and what this person may do with it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from assessments.models import Assessment
from assessments.presenters import rating_row
from assessments.selectors import instrument_of, instruments_due
from enrollment.models import Participant, Visit
from enrollment.standing import beside
from trialsite.accounts.models import User
from trialsite.review.models import Query
from trialsite.review.selectors import Standing, contents_sha256, standing_of


@dataclass(frozen=True, slots=True)
class Reading:
    """One visit, or the casebook (`visit` None). `sha256` is of the contents as they stand; `blocked` says why it
    cannot be signed now, `mine` that this person has signed it."""

    visit: Visit | None
    title: str
    ratings: list[dict[str, Any]]
    standing: Standing
    sha256: str
    mine: bool
    blocked: str

    @property
    def key(self) -> str:
        """Its name in the form: the visit, or "casebook"."""
        return str(self.visit.pk) if self.visit else "casebook"

    @property
    def offered(self) -> bool:
        """Marked for signing when the page is opened."""
        return not (self.mine or self.blocked or self.standing.signatures or self.standing.locked)


def readings(participant: Participant, user: User) -> list[Reading]:
    """Every visit that took place or was missed, in the order of the protocol, and the casebook last."""
    # Before the contents are read: what changes in between will not be signed.
    hashes = contents_sha256(participant.pk)
    standing = standing_of(participant.pk)
    visits = participant.visits.exclude(status=Visit.Status.PLANNED).select_related("period")
    saved: dict[int, dict[str, Assessment]] = {}
    for rating in participant.assessments.all():
        saved.setdefault(rating.visit_id, {})[rating.instrument] = rating
    return [
        *(
            _reading(visit, saved.get(visit.pk, {}), standing.get(visit.pk) or Standing(), hashes, user)
            for visit in visits.order_by(F("period__number").asc(nulls_first=True), "day", "pk")
        ),
        _casebook(participant, standing.get(None) or Standing(), hashes, user),
    ]


def _reading(
    visit: Visit,
    saved: dict[str, Assessment],
    standing: Standing,
    hashes: dict[int | None, str],
    user: User,
) -> Reading:
    protocol = visit.participant.protocol.rules
    ratings = [rating_row(instrument_of(protocol, code), saved.get(code)) for code in instruments_due(visit)]
    beside(ratings, standing)
    title = (
        _("Period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label}
        if visit.period
        else visit.label
    )
    return Reading(
        visit=visit,
        title=title,
        ratings=ratings,
        standing=standing,
        sha256=hashes[visit.pk],
        mine=_mine(standing, user),
        blocked=_("a query must be closed first") if any(map(_blocks, standing.queries)) else "",
    )


def _casebook(
    participant: Participant, standing: Standing, hashes: dict[int | None, str], user: User
) -> Reading:
    """It is offered when the study is over for the participant; before that, more will come into it."""
    over = participant.status in {Participant.Status.COMPLETED, Participant.Status.WITHDRAWN}
    blocking = Query.objects.blocking().filter(participant=participant).exists()
    return Reading(
        visit=None,
        title=_("Casebook"),
        ratings=[],
        standing=standing,
        sha256=hashes[None],
        mine=_mine(standing, user),
        blocked=_("the participant is still in the study")
        if not over
        else _("a query must be closed first")
        if blocking
        else "",
    )


def _mine(standing: Standing, user: User) -> bool:
    return any(signature.signed_by_id == user.pk for signature in standing.signatures)


def _blocks(query: Query) -> bool:
    return query.blocks_signature and query.status != Query.Status.CLOSED
