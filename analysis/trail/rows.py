"""Activities as the page shows them: a sentence, what changed, why; keys and numbers behind a fold."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext as _

from analysis.trail.description import Description
from analysis.trail.line import TrailLine
from analysis.trail.listed import record_entries
from analysis.trail.names import Names
from analysis.trail.text import describe
from analysis.trail.withheld import withhold
from trialsite.accounts.models import Role
from trialsite.audit.activities import Activity
from trialsite.audit.models import Event
from trialsite.audit.trail import SYSTEM

# Reasons that the software gives of itself, where the sentence says as much.
OWN_REASONS = {
    *("rating entered", "visit done", "randomised", "treatment added", "dosing planned"),
    *("dosing recorded", "eligibility confirmed", "source verified", "locked again"),
    *("trail reviewed", "trail taken", "entered"),
}
# Values of one thing, and things of one activity, that are read at once.
BRIEF, FEW = 6, 5
_ACTOR = re.compile(r"\S+ \((.+)\)")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that happened: `brief` is read at once, `rest` unfolds (the items of a form)."""

    noun: str
    brief: list[TrailLine]
    rest: list[TrailLine]

    @classmethod
    def of(cls, noun: str, lines: list[TrailLine]) -> "Part":
        if len(lines) <= BRIEF:
            return cls(noun, lines, [])
        plain = [line for line in lines if not line.item]
        brief = plain if 0 < len(plain) <= BRIEF else lines[:BRIEF]
        return cls(noun, brief, [line for line in lines if line not in brief])


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """`subject`: the participant's code, empty for the study. `others`: what else came with it; `many`: it unfolds."""

    at: datetime
    who: str
    role: str
    subject: str
    verb: str
    main: Part
    others: list[Part]
    reasons: list[str]
    entries: tuple[Event, ...]
    whole: bool

    @property
    def many(self) -> bool:
        return len(self.others) > FEW

    @property
    def chain(self) -> str:
        return self.entries[0].chain

    @property
    def first(self) -> int:
        return self.entries[0].n

    @property
    def last(self) -> int:
        return self.entries[-1].n


def rows_of(activities: Iterable[Activity]) -> list[ActivityRow]:
    """In few queries, however many there are."""
    listed = list(activities)
    withhold([entry for activity in listed for entry in activity.entries])
    told = record_entries(entry for activity in listed for entry in activity.entries)
    names, entries = Names(told), iter(told)
    return [_row(activity, list(islice(entries, len(activity.entries))), names) for activity in listed]


def _row(activity: Activity, told: list[Event], names: Names) -> ActivityRow:
    """`told`: its entries, in the columns that what they are about has now."""
    descriptions = [(describe(entry, names), entry) for entry in told]
    first, named_by = min(descriptions, key=lambda pair: pair[0].rank)
    parts = _parts([description for description, _entry in descriptions])
    main = parts.pop(first.group)
    others = [part for part in parts.values() if part.brief or part.noun != main.noun]
    chain = named_by.chain
    return ActivityRow(
        at=activity.last.at,
        who=actor(named_by),
        role=_roles(named_by.actor_role or ""),
        subject="" if chain == SYSTEM else names.participant(chain.partition(":")[2]),
        verb=first.verb,
        main=main,
        others=others,
        reasons=_reasons(activity.entries, [main, *others]),
        entries=activity.entries,
        whole=activity.whole,
    )


def _parts(descriptions: list[Description]) -> dict[object, Part]:
    """Lines by group, in the order in which they were written. The noun is that of the entry with the lowest rank."""
    nouns: dict[object, Description] = {}
    lines: dict[object, list[TrailLine]] = {}
    for description in descriptions:
        if description.group not in nouns or description.rank < nouns[description.group].rank:
            nouns[description.group] = description
        lines.setdefault(description.group, []).extend(description.lines)
    return {group: Part.of(description.noun, lines[group]) for group, description in nouns.items()}


def actor(entry: Event) -> str:
    """The printed name that the person had then."""
    if entry.op == "M":
        return _("An upgrade of the software")
    match = _ACTOR.fullmatch(entry.actor_name)
    return match.group(1) if match else entry.actor_name


def _roles(stored: str) -> str:
    labels: Mapping[str, object] = dict(Role.choices)
    return ", ".join(
        str(labels.get(role, role)).lower() for role in stored.split(", ") if role not in {"", SYSTEM}
    )


def _reasons(entries: Iterable[Event], parts: list[Part]) -> list[str]:
    """Each once, without those that say only what the sentence says."""
    in_lines = {line.new for part in parts for line in (*part.brief, *part.rest)}
    reasons = dict.fromkeys(entry.reason or "" for entry in entries)
    return [reason for reason in reasons if reason and reason not in OWN_REASONS | in_lines]
