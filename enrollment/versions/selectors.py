"""Reads of protocol versions. Fetching is authorising."""

from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Count, Q

from enrollment.domain.amendment import differences
from enrollment.models import Participant, ProtocolVersion
from enrollment.selectors import study_for
from enrollment.versions.words import ChangedValue, changed_values
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may, sites_where

# Who has nothing more to do under a version.
ENDED = (Participant.Status.COMPLETED, Participant.Status.WITHDRAWN, Participant.Status.SCREEN_FAILED)


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version, what it changes of the one before, and how many participants go by it: None for who may see none."""

    version: ProtocolVersion
    first: bool
    changes: list[ChangedValue]
    under_way: int | None
    ended: int | None


def versions_for(user: User, code: str) -> tuple[Study, list[ShownVersion]]:
    """The newest first. Participants are those of the sites that `user` sees."""
    study = study_for(user, code, "study.view")
    versions = list(study.protocols.all())
    counts = _participants(user, study)
    sees_lists = may(user, "allocation.view", study)
    changes = {
        later.pk: changes_of(one, later, with_allocation=sees_lists) for one, later in pairwise(versions)
    }
    nobody = (0, 0) if may(user, "participant.view", study) else (None, None)
    return study, [
        ShownVersion(
            version, version.pk not in changes, changes.get(version.pk, []), *counts.get(version.pk, nobody)
        )
        for version in reversed(versions)
    ]


def changes_of(
    before: ProtocolVersion, after: ProtocolVersion, *, with_allocation: bool
) -> list[ChangedValue]:
    """What `after` changes. Without the rules of the allocation for the blinded: who knows the sizes of the blocks can
    tell what comes at the end of one (ICH E9, 2.3.2)."""
    found = differences(before.definition, after.definition)
    return changed_values(d for d in found if with_allocation or d.path[0] != "allocation")


def _participants(user: User, study: Study) -> dict[int, tuple[int, int]]:
    """Version → participants under way, and ended."""
    ended = Q(status__in=ENDED)
    rows = Participant.objects.filter(
        study=study, site__in=sites_where(user, "participant.view", study)
    ).order_by()
    counted = rows.values("protocol").annotate(
        under_way=Count("id", filter=~ended), over=Count("id", filter=ended)
    )
    return {row["protocol"]: (row["under_way"], row["over"]) for row in counted}


def under_way(study: Study) -> list[tuple[str, int]]:
    """(Version, participants under way) of every version that has any, of the whole study."""
    rows = Participant.objects.filter(study=study).exclude(status__in=ENDED).order_by("protocol_id")
    return list(rows.values_list("protocol__version").annotate(Count("id")))
