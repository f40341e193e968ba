"""Why is this flag on? Each derived value of a participant with its reason, inputs, rule and origin.

What is said here is said from the stored row: the figures that it was made of, not a second computation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from analysis.domain import response
from analysis.models import Outcome, ParticipantOutcome
from analysis.outcomes.explain_text import (
    Explanation,
    courses,
    overall_text,
    remission_text,
    response_text,
    subscale_text,
)
from analysis.outcomes.rules import endpoint_instrument, outcome_rules, rules_in_force
from assessments.models import Assessment, SecondRating
from assessments.rating.second import second_ratings_of
from assessments.selectors import prorated_of, prorated_text
from enrollment.models import Participant, Period, ProtocolVersion
from enrollment.protocol.model import Protocol


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
class OutcomeOrigin:
    """By which rules, when and by which task a row was made."""

    protocol: str
    rule_version: str
    computed_at: datetime
    task: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One period (`number`) or, with number 0, the participant as a whole."""

    number: int
    words: tuple[Explanation, ...]
    inputs: tuple[Input, ...]
    origin: OutcomeOrigin


@dataclass(frozen=True, slots=True)
class StatedRule:
    """A rule of the protocol in words, and where the protocol has it from."""

    text: str
    key: str
    source: str


@dataclass(frozen=True, slots=True)
class ExplainedOutcomes:
    """The page: by period and across them, and the rules of `protocol` in words."""

    participant: Participant
    blocks: tuple[Explained, ...]
    rules: tuple[StatedRule, ...]
    protocol: ProtocolVersion

    @property
    def stale(self) -> bool:
        """A rating was saved since."""
        return any(rating.newer for block in self.blocks for rating in block.inputs)


def explained(participant: Participant, *, links: bool) -> ExplainedOutcomes:
    """`links`: whether the reader may open the ratings."""
    outcomes = list(participant.outcomes.select_related("protocol").order_by("period"))
    overall = ParticipantOutcome.objects.select_related("protocol").filter(participant=participant).first()
    protocol = outcomes[0].protocol if outcomes else rules_in_force(participant.study)
    ratings = {rating.pk: rating for rating in participant.assessments.select_related("visit")}
    seconds = second_ratings_of(participant)
    blocks = [
        _period(outcome, ratings, seconds, participant.protocol.definition, links) for outcome in outcomes
    ]
    if overall:
        blocks.append(_whole(overall, outcomes, {period.pk: period for period in participant.periods.all()}))
    return ExplainedOutcomes(participant, tuple(blocks), _rules(protocol), protocol)


def _period(
    outcome: Outcome,
    ratings: Mapping[int, Assessment],
    seconds: Mapping[tuple[int, str], SecondRating],
    prorating: Protocol,
    links: bool,
) -> Explained:
    """`prorating`: the participant's protocol, which says what stands beside a rating with items missing."""
    protocol = outcome.protocol
    rules = outcome_rules(protocol)
    labels = {visit.code: visit.label for visit in protocol.definition.visits}
    called = endpoint_instrument(protocol.definition).subscale_names
    words = (
        response_text(outcome, rules, labels),
        remission_text(outcome, rules, labels),
        *courses(outcome, rules, labels),
        *(
            subscale_text(name, called.get(name, name), outcome, rules, labels)
            for name in sorted(outcome.subscales)
        ),
    )
    inputs = tuple(
        _input(prorating, rating, second, labels[code], version, outcome.not_counted.get(code, ""), links)
        for code in labels
        if code in outcome.inputs
        for pk, version in [outcome.inputs[code]]
        for rating in [ratings[pk]]
        for second in [seconds.get((rating.visit_id, rating.instrument))]
    )
    return Explained(outcome.period, words, inputs, _origin(outcome))


def _input(
    protocol: Protocol,
    rating: Assessment,
    second: SecondRating | None,
    label: str,
    version: int,
    side: str,
    links: bool,
) -> Input:
    value = _("no total: %(state)s") % {"state": rating.get_status_display().lower()}
    if score := prorated_of(protocol, rating):
        value = f"{value}; {prorated_text(score)}"
    if rating.total is not None:
        value = str(rating.total)
    if second and second.adjudicated_total is not None:
        value = _("%(total)d, adjudicated (first rating %(first)s, second %(second)s)") % {
            "total": second.adjudicated_total, "first": rating.total, "second": second.total,
        }  # fmt: skip
    if side:
        value = (
            _("%(value)s, not counted: dated before the dose")
            if side == "before_dose"
            else _("%(value)s, not counted: dated after the dose")
        ) % {"value": value}
    return Input(
        label=label,
        value=value,
        version=version,
        now=rating.version,
        url=reverse("visit", args=[rating.visit_id]) if links else "",
    )


def _whole(
    overall: ParticipantOutcome, outcomes: Sequence[Outcome], periods: Mapping[int, Period]
) -> Explained:
    inputs = []
    for number, (pk, version) in sorted(overall.inputs.items(), key=lambda item: int(item[0])):
        dosed_on = periods[pk].dosed_on
        value = (
            _("given %(day)s") % {"day": dosed_on.strftime("%-d %b %Y")}
            if dosed_on
            else _("not recorded as given")
        )
        inputs.append(Input(_("Period %(n)s") % {"n": number}, value, version, periods[pk].version, ""))
    return Explained(0, tuple(overall_text(overall, outcomes)), tuple(inputs), _origin(overall))


def _origin(row: Outcome | ParticipantOutcome) -> OutcomeOrigin:
    return OutcomeOrigin(row.protocol.version, row.rule_version, row.computed_at, row.task_id)


def _rules(protocol: ProtocolVersion) -> tuple[StatedRule, ...]:
    """The definitions that were used, with the words of the protocol's own [sources]; else they are our choice."""
    return (
        *_protocol_rules(protocol),
        *(
            StatedRule(text, "", _("our choice; docs/statistics/outcomes.md"))
            for text in _own_rules(protocol)
        ),
    )


def _protocol_rules(protocol: ProtocolVersion) -> Iterator[StatedRule]:
    rules = outcome_rules(protocol)
    labels = {visit.code: visit.label for visit in protocol.definition.visits}
    texts = {
        "endpoints.response_percent": _(
            "Response: the %(score)s total falls by at least %(percent)d %% from %(baseline)s to %(primary)s."
        )
        % {
            "score": endpoint_instrument(protocol.definition).short_name,
            "percent": rules.response_percent,
            "baseline": labels[rules.baseline_visit],
            "primary": labels[rules.primary_visit],
        },
        "endpoints.remission_max": _("Remission: a total of at most %(maximum)d at %(primary)s.")
        % {"maximum": rules.remission_max, "primary": labels[rules.primary_visit]},
    }
    for key, text in texts.items():
        yield StatedRule(text, key, _source(protocol, key))


def _own_rules(protocol: ProtocolVersion) -> tuple[str, ...]:
    rules = outcome_rules(protocol)
    labels = {visit.code: visit.label for visit in protocol.definition.visits}
    later = [labels[code] for code in response.later_visits(rules)]
    after = {"primary": labels[rules.primary_visit], "later": ", ".join(later)}
    sustained = (
        _("Sustained: response at %(primary)s and at each of %(later)s.")
        if later
        else _("Sustained: no visit follows %(primary)s, so it is not evaluable.")
    )
    return (
        sustained % after,
        _("Relapse: response at %(primary)s, and none at a later visit.") % after,
        _(
            "Not counted: a rating of a visit after the dose that is dated before it, and one of a visit before the"
            " dose that is dated after it."
        ),
        _("Completer: response is evaluable in every period of the protocol."),
    )


def _source(protocol: ProtocolVersion, key: str) -> str:
    """What the protocol file's [sources] say of `key`, or of the closest key above it."""
    sources = _flat(protocol.document.get("sources", {}))
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        source = sources.get(".".join(parts[:length]))
        if source:
            return source
    return _("the protocol names no source")


def _flat(sources: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in sources.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = "; ".join(value) if isinstance(value, list) else str(value)
    return flat
