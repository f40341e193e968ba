"""What would change if waiting outcome rules were adopted: shown before, and kept with the decision."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from analysis.outcomes.derivation import DerivedPeriod, ParticipantRow, derive
from analysis.outcomes.rules import rule_version, rules_in_force, rules_waiting
from enrollment.models import Participant, ProtocolVersion
from trialsite.accounts.models import Study
from trialsite.lib import canonical

PERIOD_FLAGS = ("baseline", "change", "response", "remission", "sustained", "relapse")
OVERALL_FLAGS = ("pattern", "completer")
KEPT = 1000


class OutcomeChange(NamedTuple):
    """One value that would differ; `period` is None for what the periods give together."""

    participant: str
    period: int | None
    flag: str
    before: int | bool | str | None
    after: int | bool | str | None


@dataclass(frozen=True)
class Proposal:
    """The rules of `protocol` instead of those of `current`; `people`: participants whose outcomes were derived."""

    current: ProtocolVersion
    protocol: ProtocolVersion
    people: int
    changes: tuple[OutcomeChange, ...]

    @property
    def replaces(self) -> str:
        return rule_version(self.current)

    @property
    def rule_version(self) -> str:
        return rule_version(self.protocol)

    @cached_property
    def digest(self) -> str:
        """Names this difference: another rule, another change or another person gives another."""
        return canonical.sha256(
            [self.replaces, self.rule_version, self.people, list(map(list, self.changes))]
        )

    @cached_property
    def counts(self) -> list[dict[str, object]]:
        """How many values of each flag would go from what to what, the most first."""
        counted = Counter((change.flag, change.before, change.after) for change in self.changes)
        return [
            {"flag": flag, "before": before, "after": after, "n": n}
            for (flag, before, after), n in counted.most_common()
            if flag not in {"baseline", "change"}
        ]

    @property
    def affected(self) -> int:
        """Participants with at least one change."""
        return len({change.participant for change in self.changes})

    def kept(self) -> dict[str, object]:
        """What the decision keeps of it: the digest of all, the counts, and the first changes."""
        return {
            "digest": self.digest,
            "people": self.people,
            "affected": self.affected,
            "total": len(self.changes),
            "counts": self.counts,
            "changes": [list(change) for change in self.changes[:KEPT]],
        }


def propose(study: Study) -> Proposal | None:
    """The waiting rules and what they would change, from the ratings as they are now; None when none wait."""
    waiting = rules_waiting(study)
    if waiting is None:
        return None
    current = rules_in_force(study)
    codes = dict(
        Participant.objects.filter(study=study, periods__isnull=False).distinct().values_list("pk", "code")
    )
    before, after = (derive(protocol, list(codes)) for protocol in (current, waiting))
    changes = [
        *_changes(codes, before[0], after[0], PERIOD_FLAGS),
        *_changes(codes, before[1], after[1], OVERALL_FLAGS),
    ]
    changes.sort(key=lambda change: (change.participant, change.period or 0, change.flag))
    return Proposal(current, waiting, len(codes), tuple(changes))


def _changes(
    codes: dict[int, str],
    before: Sequence[DerivedPeriod | ParticipantRow],
    after: Sequence[DerivedPeriod | ParticipantRow],
    flags: tuple[str, ...],
) -> Iterator[OutcomeChange]:
    for old, new in zip(before, after, strict=True):
        for flag in flags:
            was, becomes = getattr(old, flag), getattr(new, flag)
            if was != becomes:
                yield OutcomeChange(
                    codes[old.participant_id], getattr(old, "period", None), flag, was, becomes
                )
