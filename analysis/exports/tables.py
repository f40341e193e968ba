"""The tables of an export: columns with their meaning, and the query that fills them."""

from collections.abc import Sequence
from typing import Any

from analysis.domain.response import RuleSet
from analysis.exports import people_tables, review_tables, visit_tables
from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, Table, day, flag, moment
from analysis.exports.labels import Labels, arm_labels, labels_of, pattern_column
from analysis.models import ParticipantOutcome
from analysis.rules import endpoint_instrument, rule_set, rules_in_force
from enrollment.domain.protocol import Protocol
from trialsite.accounts.models import Study

EVALUABLE = "not evaluable"


def tables(study: Study, *, unblinded: bool) -> tuple[Table, ...]:
    """All tables of `study`; only with `unblinded` is there a column of treatment."""
    protocol = rules_in_force(study)
    labels = labels_of(study)
    return (
        people_tables.participants(labels, protocol.rules, unblinded),
        people_tables.criteria(study),
        people_tables.facts(labels),
        people_tables.decisions(labels),
        people_tables.treatments(labels),
        visit_tables.periods(labels),
        visit_tables.visits(labels),
        visit_tables.ratings(labels),
        visit_tables.missing_items(labels),
        _outcomes(labels, rule_set(protocol), protocol.rules, unblinded),
        review_tables.queries(labels),
        review_tables.signatures(labels),
        review_tables.locks(labels),
    )


def _outcomes(labels: Labels, rules: RuleSet, protocol: Protocol, unblinded: bool) -> Table:
    days = [(code, number) for code, number in rules.visits if code != rules.baseline_visit]
    primary = dict(rules.visits)[rules.primary_visit]
    last = max(number for _code, number in rules.visits)
    totals = tuple(
        Column(f"day_{number}", f"(o.visits #>> '{{{code},total}}')::int", f"Total at {code}")
        for code, number in days
    )
    columns: tuple[Column, ...] = (
        PARTICIPANT,
        labels.site,
        labels.period("o.period"),
        day("infusion_on", "p.dosed_on", "Day 0 of the period as it was"),
        Column("baseline", "o.baseline", "Total at baseline of the period"),
        *totals,
        Column(f"change_day_{primary}", "o.change", f"Total at day {primary} minus baseline; negative is better"),
        flag("response", "o.response",
             f"Reduction of at least {rules.response_percent} % from baseline to day {primary}", EVALUABLE),
        flag("remission", "o.remission", f"Total at most {rules.remission_max} at day {primary}", EVALUABLE),
        flag("sustained", "o.sustained", f"Response at day {primary} and at every later visit to day {last}", EVALUABLE),
        flag("relapse", "o.relapse", f"Response at day {primary}, and none at a later visit",
             f"{EVALUABLE}, or no response to lose"),
        Column("relapse_visit", "nullif(o.relapse_visit, '')", "First visit of the relapse",
               codes={code: labels.visits.get(code, code) for code, _number in days}),
        *(column for name in sorted(endpoint_instrument(protocol).subscales) for column in _subscale(name, days, primary)),
        pattern_column("nullif(w.pattern, '')", [period.number for period in protocol.periods]),
        flag("completer", "w.completer", "Response evaluable in every period"),
        Column("not_completer_because", "nullif(w.shortfall, '')",
               "First thing that keeps the participant from being a completer",
               codes=people_tables.choices(ParticipantOutcome.Shortfall)),
        Column("not_completer_period", "w.shortfall_period", "Period of that"),
        moment("computed_at", "o.computed_at", "When this row was derived"),
        Column("rule_version", "o.rule_version", "Version of the rules: definitions, and hash of the protocol's"),
        Column("rule_protocol", "r.version", "Protocol version that the rules are of"),
        Column("inputs", "o.inputs::text", "Visit: [rating id, version] it was derived from, JSON"),
    )  # fmt: skip
    join = (
        "join analysis_outcome o on o.participant_id = t.id"
        " join enrollment_period p on p.participant_id = t.id and p.number = o.period"
        " join enrollment_protocolversion r on r.id = o.protocol_id"
        " left join analysis_participantoutcome w on w.participant_id = t.id"
    )
    if unblinded:
        columns += (Column("treatment", "k.arm", "Arm of the period", codes=arm_labels(protocol)),)
        join += (
            " left join closed.slot c on c.participant_id = t.id"
            " left join closed.kit k on k.slot_id = c.id and k.period = o.period"
        )
    return Table("outcomes", columns, FROM_PARTICIPANT.format(join=join, order=", o.period"))


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


def parameters(study: Study, sites: Any) -> dict[str, Any]:
    return {"study": study.pk, "sites": [site.pk for site in sites]}
