"""Why is this flag on? Each derived value of a participant with its reason, inputs, rule and origin.

What is said here is said from the stored row: the figures that it was made of, not a second computation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from analysis.domain import response
from analysis.explain_words import (
    Word,
    courses,
    overall_words,
    remission_words,
    response_words,
    subscale_words,
)
from analysis.models import Outcome, ParticipantOutcome
from analysis.rules import rule_set, rules_in_force
from assessments.models import Assessment
from enrollment.models import Participant, Period, ProtocolVersion


@dataclass(frozen=True, slots=True)
class Input:
    """A rating that was used: its total, the version that was read, and the version it has now."""

    label: str
    value: str
    version: int
    now: int
    url: str

    @property
    def newer(self) -> bool:
        return self.now > self.version


@dataclass(frozen=True, slots=True)
class Origin:
    """By which rules, when and by which task a row was made."""

    protocol: str
    rule_version: str
    computed_at: datetime
    task: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One period (`number`) or, with number 0, the participant as a whole."""

    number: int
    words: tuple[Word, ...]
    inputs: tuple[Input, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the protocol in words, and where the protocol has it from."""

    text: str
    key: str
    source: str


def explained(participant: Participant, *, links: bool) -> dict[str, Any]:
    """Context of the page. `links`: whether the reader may open the ratings."""
    outcomes = list(participant.outcomes.select_related("protocol").order_by("period"))
    overall = ParticipantOutcome.objects.select_related("protocol").filter(participant=participant).first()
    protocol = outcomes[0].protocol if outcomes else rules_in_force(participant.study)
    ratings = {one.pk: one for one in participant.assessments.select_related("visit")}
    blocks = [_period(outcome, ratings, links) for outcome in outcomes]
    if overall:
        blocks.append(_whole(overall, outcomes, {period.pk: period for period in participant.periods.all()}))
    return {
        "participant": participant,
        "blocks": blocks,
        "rules": _rules(protocol),
        "protocol": protocol,
        "stale": any(one.newer for block in blocks for one in block.inputs),
    }


def _period(outcome: Outcome, ratings: Mapping[int, Assessment], links: bool) -> Explained:
    protocol = outcome.protocol
    rules = rule_set(protocol)
    labels = {visit.code: visit.label for visit in protocol.rules.visits}
    words = (
        response_words(outcome, rules, labels),
        remission_words(outcome, rules, labels),
        *courses(outcome, rules, labels),
        *(subscale_words(name, seen, rules, labels) for name, seen in sorted(outcome.subscales.items())),
    )
    inputs = tuple(
        _input(ratings[pk], labels[code], version, links)
        for code in labels
        if code in outcome.inputs
        for pk, version in [outcome.inputs[code]]
    )
    return Explained(outcome.period, words, inputs, _origin(outcome))


def _input(rating: Assessment, label: str, version: int, links: bool) -> Input:
    value = _("no total: %(state)s") % {"state": rating.get_status_display().lower()}
    return Input(
        label=label,
        value=value if rating.total is None else str(rating.total),
        version=version,
        now=rating.version,
        url=reverse("visit", args=[rating.visit_id]) if links else "",
    )


def _whole(
    overall: ParticipantOutcome, outcomes: Sequence[Outcome], periods: Mapping[int, Period]
) -> Explained:
    inputs = []
    for number, (pk, version) in sorted(overall.inputs.items(), key=lambda item: int(item[0])):
        given = periods[pk].dosed_on
        value = (
            _("given %(day)s") % {"day": given.strftime("%-d %b %Y")} if given else _("not recorded as given")
        )
        inputs.append(Input(_("Period %(n)s") % {"n": number}, value, version, periods[pk].version, ""))
    return Explained(0, tuple(overall_words(overall, outcomes)), tuple(inputs), _origin(overall))


def _origin(row: Outcome | ParticipantOutcome) -> Origin:
    return Origin(row.protocol.version, row.rule_version, row.computed_at, row.task_id)


def _rules(protocol: ProtocolVersion) -> list[Rule]:
    """The definitions that were used, with the words of the protocol's own [sources]."""
    rules = rule_set(protocol)
    labels = {visit.code: visit.label for visit in protocol.rules.visits}
    primary, baseline = labels[rules.primary_visit], labels[rules.baseline_visit]
    later = [labels[code] for code in response.later_visits(rules)]
    after = {"primary": primary, "later": ", ".join(later)}
    return [
        Rule(
            _(
                "Response: the %(score)s total falls by at least %(percent)d %% from %(baseline)s to %(primary)s."
            )
            % {
                "score": protocol.rules.endpoints.instrument,
                "percent": rules.response_percent,
                "baseline": baseline,
                "primary": primary,
            },
            "endpoints.response_percent",
            _source(protocol, "endpoints.response_percent"),
        ),
        Rule(
            _("Remission: a total of at most %(maximum)d at %(primary)s.")
            % {"maximum": rules.remission_max, "primary": primary},
            "endpoints.remission_max",
            _source(protocol, "endpoints.remission_max"),
        ),
        Rule(
            _("Sustained: response at %(primary)s and at each of %(later)s.") % after
            if later
            else _("Sustained: no visit follows %(primary)s, so it is not evaluable.") % after,
            "",
            _("our choice; docs/statistics/outcomes.md"),
        ),
        Rule(
            _("Relapse: response at %(primary)s, and none at a later visit.") % after,
            "",
            _("our choice; docs/statistics/outcomes.md"),
        ),
        Rule(
            _("Completer: response is evaluable in every period of the protocol."),
            "",
            _("our choice; docs/statistics/outcomes.md"),
        ),
    ]


def _source(protocol: ProtocolVersion, key: str) -> str:
    """What the protocol file's [sources] say of `key`, or of the closest key above it."""
    sources = _flat(protocol.document.get("sources", {}))
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        found = sources.get(".".join(parts[:length]))
        if found:
            return found
    return _("the protocol names no source")


def _flat(sources: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in sources.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = "; ".join(value) if isinstance(value, list) else str(value)
    return found
