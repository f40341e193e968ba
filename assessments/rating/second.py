"""Second ratings: who may see which of the two, how far they are apart, and which of them counts.

The first rating counts, until the two are adjudicated: then its total is the adjudicated one, and its items stay. While the
second is outstanding, whoever enters data reads the first only if it is their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from assessments.models import Assessment, SecondRating
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.protocol.model import InstrumentUse, Protocol
from trialsite.accounts.models import User
from trialsite.accounts.policy import may

Comparison = Literal["outstanding", "agreed", "to_adjudicate", "adjudicated", "incomparable"]


@dataclass(frozen=True, slots=True)
class RatingPair:
    """The two ratings of one interview; `second`: None while it is outstanding."""

    use: InstrumentUse
    first: Assessment | None
    second: SecondRating | None

    @property
    def difference(self) -> int | None:
        """Points between the totals; None where one has none."""
        totals = [rating.total for rating in (self.first, self.second) if rating and rating.total is not None]
        return abs(totals[0] - totals[1]) if len(totals) == 2 else None

    @property
    def comparison(self) -> Comparison:
        if self.second is None:
            return "outstanding"
        if self.second.adjudicated_total is not None:
            return "adjudicated"
        if self.difference is None:
            return "incomparable"
        return "to_adjudicate" if self.difference >= self.use.adjudicate_from else "agreed"


def use_of(protocol: Protocol, instrument: str) -> InstrumentUse:
    return next(use for use in protocol.instruments if use.code == instrument)


def wants_second(visit: Visit, instrument: str) -> bool:
    """Whether the protocol has the instrument rated twice at `visit`."""
    protocol = visit.participant.protocol.definition
    return visit.period_id is not None and visit.code in use_of(protocol, instrument).second_rating


def pair_of(visit: Visit, instrument: str) -> RatingPair:
    """As it is saved."""
    here = {"visit": visit, "instrument": instrument}
    return RatingPair(
        use_of(visit.participant.protocol.definition, instrument),
        Assessment.objects.filter(**here).select_related("entered_by").first(),
        SecondRating.objects.filter(**here).select_related("entered_by", "adjudicated_by").first(),
    )


def second_ratings_of(participant: Participant) -> dict[tuple[int, str], SecondRating]:
    """(visit, instrument) → the second rating; read at once, and not at all where the protocol wants none."""
    if not any(use.second_rating for use in participant.protocol.definition.instruments):
        return {}
    seconds = SecondRating.objects.filter(participant=participant).select_related(
        "entered_by", "adjudicated_by"
    )
    return {(second.visit_id, second.instrument): second for second in seconds}


def hides_first(
    first: Assessment | None,
    visit: Visit,
    reader: User | None,
    seconds: Mapping[tuple[int, str], SecondRating],
) -> bool:
    """Whether `reader` does not see the first rating yet. None: whoever a print comes to."""
    if first is None or first.status == Assessment.Status.NOT_DONE:
        return False
    if not wants_second(visit, first.instrument) or (visit.pk, first.instrument) in seconds:
        return False
    if reader is None:
        return True
    participant = visit.participant
    return first.entered_by_id != reader.pk and may(
        reader, "assessment.enter", participant.study, participant.site
    )


def withheld_from(reader: User | None, participants: Iterable[Participant]) -> frozenset[int]:
    """Ids of those with a first rating that `reader` does not see yet: nor do they see what is derived from it. Nothing is
    read where no protocol wants a second rating."""
    twice = [
        participant
        for participant in participants
        if any(
            use.second_rating
            for use in ProtocolVersion.objects.cached(participant.protocol_id).definition.instruments
        )
    ]
    if not twice:
        return frozenset()
    seconds = {
        (second.visit_id, second.instrument): second
        for second in SecondRating.objects.filter(participant__in=twice)
    }
    firsts = Assessment.objects.filter(participant__in=twice).select_related(
        "visit__participant__protocol", "visit__participant__study", "visit__participant__site"
    )
    return frozenset(
        first.participant_id for first in firsts if hides_first(first, first.visit, reader, seconds)
    )


def rates_second(visit: Visit, first: Assessment | None, user: User) -> bool:
    """Whether what `user` would rate there is the second rating."""
    if first is None or first.entered_by_id == user.pk:
        return False
    return hides_first(first, visit, user, second_ratings_of(visit.participant))


def to_adjudicate(seconds: Iterable[SecondRating]) -> list[RatingPair]:
    """Those whose totals are too far apart, nobody having decided."""
    seconds = [second for second in seconds if second.adjudicated_total is None and second.total is not None]
    firsts = {
        (first.visit_id, first.instrument): first
        for first in Assessment.objects.filter(visit__in=[second.visit_id for second in seconds])
    }
    pairs = [
        RatingPair(
            use_of(second.participant.protocol.definition, second.instrument),
            firsts.get((second.visit_id, second.instrument)),
            second,
        )
        for second in seconds
    ]
    return [pair for pair in pairs if pair.comparison == "to_adjudicate"]
