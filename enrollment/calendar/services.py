"""Secret addresses of calendar feeds: made by a user, for that user, one at a time."""

import hashlib
import secrets

from django.utils import timezone

from enrollment.models import CalendarFeed
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Membership, Study, User


def make_feed(study: Study, *, by: User) -> str:
    """Make a feed and return its token, which is not kept; an earlier one stops working."""
    token = secrets.token_urlsafe(32)
    with authorised_change(by, "calendar.view", study, reason="calendar address replaced"):
        CalendarFeed.objects.filter(user=by, study=study, revoked_at=None).update(revoked_at=timezone.now())
        CalendarFeed.objects.create(user=by, study=study, token_sha256=_digest(token))
    return token


def feed_of(token: str) -> CalendarFeed | None:
    """The feed of `token`, while its owner still belongs to the study."""
    feed = (
        CalendarFeed.objects.filter(token_sha256=_digest(token), revoked_at=None)
        .select_related("user", "study")
        .first()
    )
    if feed and Membership.objects.current().filter(user=feed.user, study=feed.study).exists():
        return feed
    return None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
