"""The tables of an export: columns with their meaning, and the query that fills them."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.domain.patterns import patterns
from analysis.domain.response import RuleSet
from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, SITE, Column, Table, flag, moment
from analysis.exports.review_tables import queries, signatures
from analysis.rules import endpoint_instrument, rule_set, rules_in_force
from assessments.domain.instrument import Instrument
from assessments.selectors import instrument_of
from trialsite.accounts.models import Study

YES_NO = "1 yes, 0 no, empty not evaluable"


def tables(study: Study, *, unblinded: bool) -> tuple[Table, ...]:
    """All tables of `study`; only with `unblinded` is there a column of treatment."""
    outcome_rules = rules_in_force(study)
    names = sorted(endpoint_instrument(outcome_rules.rules).subscales)
    return (
        _participants(),
        _visits(),
        _assessments(_instruments(study)),
        _outcomes(rule_set(outcome_rules), len(outcome_rules.rules.periods), names, unblinded),
        queries(),
        signatures(),
    )


def _participants() -> Table:
    columns = (
        PARTICIPANT,
        SITE,
        Column(
            "status",
            "t.status",
            "State in the study",
            "screening, screen_failed, eligible, randomised, completed, withdrawn",
        ),
        Column("consented_on", "t.consented_on", "Consent date", "ISO 8601"),
        Column("age", "t.age", "Age at consent, years"),
        Column("sex", "t.sex", "Sex", "F, M, U"),
        Column(
            "randomised_on",
            "(t.randomised_at at time zone s.timezone)::date",
            "Randomised, site-local date",
            "ISO 8601",
        ),
        Column("left_reason", "t.left_reason", "Reason for screen failure or withdrawal"),
    )
    return Table("participants", columns, FROM_PARTICIPANT.format(join="", order=""))


def _visits() -> Table:
    columns = (
        PARTICIPANT,
        SITE,
        Column("period", "p.number", "Period; empty for screening"),
        Column("visit", "v.code", "Visit code of the protocol"),
        Column("day", "v.day", "Planned day of the period"),
        Column("infusion_on", "p.dosed_on", "Day 0 of the period as it was", "ISO 8601"),
        Column("kit", "p.kit_number", "Kit dispensed in the period"),
        Column("planned_on", "v.planned_on", "Planned date", "ISO 8601"),
        Column("earliest_on", "v.earliest_on", "First day of the window", "ISO 8601"),
        Column("latest_on", "v.latest_on", "Last day of the window", "ISO 8601"),
        Column("performed_on", "v.performed_on", "Date of the visit", "ISO 8601"),
        Column("status", "v.status", "State", "planned, done, missed"),
        Column("deviation_days", "case when v.performed_on < v.earliest_on then v.performed_on - v.earliest_on"
               " when v.performed_on > v.latest_on then v.performed_on - v.latest_on"
               " when v.performed_on is not null and v.earliest_on is not null then 0 end",
               "Days outside the window; negative early, positive late"),
        Column("missed_reason", "v.missed_reason", "Why it was missed"),
    )  # fmt: skip
    join = "join enrollment_visit v on v.participant_id = t.id left join enrollment_period p on p.id = v.period_id"
    return Table(
        "visits", columns, FROM_PARTICIPANT.format(join=join, order=", p.number nulls first, v.day, v.id")
    )


def _instruments(study: Study) -> dict[str, list[Instrument]]:
    """Code of each instrument that a protocol of the study has → its editions, in the protocols' order."""
    found: dict[str, list[Instrument]] = {}
    for version in study.protocols.all():
        for use in version.rules.instruments:
            found.setdefault(use.code, []).append(instrument_of(version.rules, use.code))
    return found


def _items(editions: Sequence[Instrument]) -> tuple[Column, ...]:
    """A column an item; its range is that of the edition in which it goes furthest."""
    items = {item.code: item for edition in editions for item in edition.items}
    return tuple(
        Column(
            code,
            f"(a.items ->> '{code}')::int",
            f"{item.number} {item.name}",
            f"0 to {max(edition.by_code[code].maximum for edition in editions if code in edition.by_code)}",
            editions[-1].code,
        )
        for code, item in items.items()
    )


def _assessments(instruments: Mapping[str, Sequence[Instrument]]) -> Table:
    """One row a rating; the items of the other instruments are empty."""
    items = [column for editions in instruments.values() for column in _items(editions)]
    totals = "; ".join(
        f"{code} {min(e.total_minimum for e in editions)} to {max(e.total_maximum for e in editions)}"
        for code, editions in instruments.items()
    )
    columns = (
        PARTICIPANT,
        SITE,
        Column("period", "p.number", "Period; empty for screening"),
        Column("visit", "v.code", "Visit code of the protocol"),
        Column("date", "a.performed_on", "Date of the rating", "ISO 8601"),
        Column("time", "a.performed_time", "Time of the rating, site-local"),
        Column("instrument", "a.instrument", "Instrument", ", ".join(instruments)),
        Column("status", "a.status", "State", "entered, complete, not_done"),
        *items,
        Column("total", "a.total", "Total of the row's instrument; empty while an item is missing", totals),
        Column("missing", "nullif(a.missing, '{}')::text", "Items not rated and why, JSON"),
        Column("rater", "a.rater", "Rater"),
        Column("lookback_days", "a.lookback_days", "Look-back of the rating, days"),
        Column("not_done_reason", "a.not_done_reason", "Why the rating was not done"),
        Column("version", "a.version", "Times saved"),
    )
    join = (
        "join enrollment_visit v on v.participant_id = t.id join assessments_assessment a on a.visit_id = v.id"
        " left join enrollment_period p on p.id = v.period_id"
    )
    return Table(
        "assessments",
        columns,
        FROM_PARTICIPANT.format(join=join, order=", p.number nulls first, v.day, a.id"),
    )


def _outcomes(rules: RuleSet, periods: int, names: Sequence[str], unblinded: bool) -> Table:
    days = [(code, day) for code, day in rules.visits if code != rules.baseline_visit]
    primary = dict(rules.visits)[rules.primary_visit]
    last = max(day for _code, day in rules.visits)
    totals = tuple(
        Column(f"day_{day}", f"(o.visits #>> '{{{code},total}}')::int", f"Total at {code}")
        for code, day in days
    )
    columns: tuple[Column, ...] = (
        PARTICIPANT,
        SITE,
        Column("period", "o.period", "Period"),
        Column("infusion_on", "p.dosed_on", "Day 0 of the period as it was", "ISO 8601"),
        Column("baseline", "o.baseline", "Total at baseline of the period"),
        *totals,
        Column(f"change_day_{primary}", "o.change", f"Total at day {primary} minus baseline; negative is better"),
        Column("response", flag("o.response"),
               f"Reduction of at least {rules.response_percent} % from baseline to day {primary}", YES_NO),
        Column("remission", flag("o.remission"),
               f"Total at most {rules.remission_max} at day {primary}", YES_NO),
        Column("sustained", flag("o.sustained"),
               f"Response at day {primary} and at every later visit to day {last}", YES_NO),
        Column("relapse", flag("o.relapse"),
               f"Response at day {primary}, and none at a later visit", f"{YES_NO}, or no response to lose"),
        Column("relapse_visit", "nullif(o.relapse_visit, '')", "First visit of the relapse"),
        *(column for name in names for column in _subscale(name, days, primary)),
        Column("pattern", "nullif(w.pattern, '')", "Periods of this participant with a response, joined by +",
               f"{', '.join(patterns(range(1, min(periods, 3) + 1)))}; empty unless every period is evaluable"),
        Column("completer", flag("w.completer"), "Response evaluable in every period", "1 yes, 0 no"),
        Column("not_completer_because", "nullif(w.shortfall, '')",
               "First thing that keeps the participant from being a completer",
               "not_randomised, not_dosed, no_baseline, no_primary"),
        Column("not_completer_period", "w.shortfall_period", "Period of that"),
        Column("computed_at", moment("o.computed_at"), "When this row was derived", "ISO 8601"),
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
        columns += (Column("treatment", "k.arm", "Arm of the period"),)
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
            Column(f"{low}_day_{day}", f"({path}visits,{code}}}')::int", f"{name} at {code}")
            for code, day in days
        ),
        Column(
            f"{low}_change_day_{primary}",
            f"({path}change}}')::int",
            f"{name} at day {primary} minus baseline",
        ),
    ]


def parameters(study: Study, sites: Any) -> dict[str, Any]:
    return {"study": study.pk, "sites": [site.pk for site in sites]}
