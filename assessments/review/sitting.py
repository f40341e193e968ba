"""A participant's visits to be read in one sitting: what each holds, and what this person may do with it."""

from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext as _

from assessments.entry.reading import FormReading, forms_by_visit
from assessments.models import Assessment
from assessments.rating.presenters import RatingRecord, rating_records
from assessments.selectors import instruments_due
from assessments.wording.selectors import instruments_at
from enrollment.casebook.records import with_review_status
from enrollment.models import Participant, Visit
from trialsite.accounts.models import User
from trialsite.review.models import Query
from trialsite.review.selectors import ReviewStatus, contents_sha256, review_status_of


@dataclass(frozen=True, slots=True)
class Reading:
    """One visit, or the casebook (`visit` None), with its ratings and what is recorded on its forms. `sha256` is of the
    contents as they stand; `blocked` says why it cannot be signed now, `mine` that this person has signed it."""

    visit: Visit | None
    title: str
    ratings: list[RatingRecord]
    forms: list[FormReading]
    review_status: ReviewStatus
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
        return not (self.mine or self.blocked or self.review_status.signatures or self.review_status.locked)


def readings(participant: Participant, user: User) -> list[Reading]:
    """Every visit that took place or was missed, in the order of the protocol, and the casebook last."""
    # Before the contents are read: what changes in between will not be signed.
    hashes = contents_sha256(participant.pk)
    review_statuses = review_status_of(participant.pk)
    visits = list(
        participant.visits.exclude(status=Visit.Status.PLANNED)
        .select_related("period")
        .order_by(F("period__number").asc(nulls_first=True), "day", "pk")
    )
    saved: dict[int, dict[str, Assessment]] = {}
    for rating in participant.assessments.all():
        saved.setdefault(rating.visit_id, {})[rating.instrument] = rating
    forms = forms_by_visit(participant, visits, review_statuses, user)
    return [
        *(
            _reading(
                visit,
                saved.get(visit.pk, {}),
                forms[visit.pk],
                review_statuses.get(visit.pk) or ReviewStatus(),
                hashes,
                user,
            )
            for visit in visits
        ),
        _casebook(participant, forms[None], review_statuses.get(None) or ReviewStatus(), hashes, user),
    ]


def _reading(
    visit: Visit,
    saved: dict[str, Assessment],
    forms: list[FormReading],
    review_status: ReviewStatus,
    hashes: dict[int | None, str],
    user: User,
) -> Reading:
    worded = instruments_at(visit, instruments_due(visit))
    ratings = rating_records(worded, saved, visit, user)
    withheld = any(rating.withheld for rating in ratings)
    title = (
        _("Period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label}
        if visit.period
        else visit.label
    )
    return Reading(
        visit=visit,
        title=title,
        ratings=with_review_status(ratings, review_status),
        forms=forms,
        review_status=review_status,
        sha256=hashes[visit.pk],
        mine=_mine(review_status, user),
        blocked=_("a query must be closed first")
        if any(map(_blocks, review_status.queries))
        else _("a second rating is outstanding")
        if withheld
        else "",
    )


def _casebook(
    participant: Participant,
    forms: list[FormReading],
    review_status: ReviewStatus,
    hashes: dict[int | None, str],
    user: User,
) -> Reading:
    """It is offered when the study is over for the participant; before that, more will come into it."""
    over = participant.status in {Participant.Status.COMPLETED, Participant.Status.WITHDRAWN}
    blocking = Query.objects.blocking().filter(participant=participant).exists()
    return Reading(
        visit=None,
        title=_("Casebook"),
        ratings=[],
        forms=forms,
        review_status=review_status,
        sha256=hashes[None],
        mine=_mine(review_status, user),
        blocked=_("the participant is still in the study")
        if not over
        else _("a query must be closed first")
        if blocking
        else "",
    )


def _mine(review_status: ReviewStatus, user: User) -> bool:
    return any(signature.signed_by_id == user.pk for signature in review_status.signatures)


def _blocks(query: Query) -> bool:
    return query.blocks_signature and query.status != Query.Status.CLOSED
