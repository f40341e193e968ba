"""The outcomes of each period, derived from its ratings."""

from collections.abc import Iterator, Sequence

from analysis.domain.response import OutcomeRules
from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, ExportTable, day, flag, moment
from analysis.exports.labels import Labels, arm_labels, pattern_column
from analysis.exports.people_tables import choices
from analysis.models import ParticipantOutcome
from analysis.outcomes.rules import endpoint_instrument
from enrollment.protocol.model import Protocol

EVALUABLE = "not evaluable"
JOIN = (
    "join analysis_outcome o on o.participant_id = t.id"
    " join enrollment_period p on p.participant_id = t.id and p.number = o.period"
    " join enrollment_protocolversion r on r.id = o.protocol_id"
    " left join analysis_participantoutcome w on w.participant_id = t.id"
)
# Unblinded.
JOIN_TREATMENT = (
    " left join closed.slot c on c.participant_id = t.id"
    " left join closed.kit k on k.slot_id = c.id and k.period = o.period"
)


def outcomes(labels: Labels, rules: OutcomeRules, protocol: Protocol, unblinded: bool) -> ExportTable:
    days = [(code, number) for code, number in rules.visits if code != rules.baseline_visit]
    primary = dict(rules.visits)[rules.primary_visit]
    columns = [
        PARTICIPANT,
        labels.site,
        labels.period("o.period"),
        day("infusion_on", "p.dosed_on", "Day 0 of the period as it was"),
        Column("baseline", "o.baseline", "Total at baseline of the period"),
        *_totals(days, primary),
        *_flags(labels, rules, days, primary),
        *(
            column
            for name in sorted(endpoint_instrument(protocol).subscales)
            for column in _subscale(name, days, primary)
        ),
        pattern_column("nullif(w.pattern, '')", [period.number for period in protocol.periods]),
        *_completion(),
        *_origin(),
    ]
    join = JOIN
    if unblinded:
        columns.append(Column("treatment", "k.arm", "Arm of the period", codes=arm_labels(protocol)))
        join += JOIN_TREATMENT
    return ExportTable("outcomes", tuple(columns), FROM_PARTICIPANT.format(join=join, order=", o.period"))


def _totals(days: Sequence[tuple[str, int]], primary: int) -> Iterator[Column]:
    for code, number in days:
        yield Column(f"day_{number}", f"(o.visits #>> '{{{code},total}}')::int", f"Total at {code}")
    meaning = f"Total at day {primary} minus baseline; negative is better"
    yield Column(f"change_day_{primary}", "o.change", meaning)


def _flags(
    labels: Labels, rules: OutcomeRules, days: Sequence[tuple[str, int]], primary: int
) -> Iterator[Column]:
    last = max(number for _code, number in rules.visits)
    yield flag(
        "response",
        "o.response",
        f"Reduction of at least {rules.response_percent} % from baseline to day {primary}",
        EVALUABLE,
    )
    yield flag("remission", "o.remission", f"Total at most {rules.remission_max} at day {primary}", EVALUABLE)
    yield flag(
        "sustained",
        "o.sustained",
        f"Response at day {primary} and at every later visit to day {last}",
        EVALUABLE,
    )
    yield flag(
        "relapse",
        "o.relapse",
        f"Response at day {primary}, and none at a later visit",
        f"{EVALUABLE}, or no response to lose",
    )
    yield Column(
        "relapse_visit",
        "nullif(o.relapse_visit, '')",
        "First visit of the relapse",
        codes={code: labels.visits.get(code, code) for code, _number in days},
    )


def _completion() -> Iterator[Column]:
    yield flag("completer", "w.completer", "Response evaluable in every period")
    yield Column(
        "not_completer_because",
        "nullif(w.shortfall, '')",
        "First thing that keeps the participant from being a completer",
        codes=choices(ParticipantOutcome.Shortfall),
    )
    yield Column("not_completer_period", "w.shortfall_period", "Period of that")


def _origin() -> Iterator[Column]:
    yield moment("computed_at", "o.computed_at", "When this row was derived")
    yield Column(
        "rule_version", "o.rule_version", "Version of the rules: definitions, and hash of the protocol's"
    )
    yield Column("rule_protocol", "r.version", "Protocol version that the rules are of")
    yield Column(
        "not_counted",
        "(select string_agg(code, ' ' order by code) from jsonb_object_keys(o.not_counted) code)",
        "Visits whose rating does not count, with spaces between; why: assessments.csv",
    )
    yield Column("inputs", "o.inputs::text", "Visit: [rating id, version] it was derived from, JSON")


def _subscale(name: str, days: Sequence[tuple[str, int]], primary: int) -> list[Column]:
    low, path = name.lower(), f"o.subscales #>> '{{{name},"
    return [
        Column(
            f"{low}_baseline",
            f"({path}baseline}}')::int",
            f"{name} at baseline; empty while an item is missing",
        ),
        *(
            Column(f"{low}_day_{number}", f"({path}visits,{code}}}')::int", f"{name} at {code}")
            for code, number in days
        ),
        Column(
            f"{low}_change_day_{primary}",
            f"({path}change}}')::int",
            f"{name} at day {primary} minus baseline",
        ),
    ]
