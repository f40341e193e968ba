"""Tables of an export about what took place: periods, visits, ratings, and the items that were not rated."""

from collections.abc import Sequence

from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, Table, day
from analysis.exports.labels import Labels
from analysis.exports.people_tables import choices
from assessments.domain.instrument import Instrument
from assessments.models import Assessment
from enrollment.models import Visit

RATINGS = (
    "join enrollment_visit v on v.participant_id = t.id join assessments_assessment a on a.visit_id = v.id"
    " left join enrollment_period p on p.id = v.period_id"
)


def periods(labels: Labels) -> Table:
    """One row a period: its infusion, its kit, and the reason where the washout rule was not kept."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number"),
        day("planned_on", "p.planned_on", "Day 0 as planned"),
        day("infusion_on", "p.dosed_on", "Day 0 as it was"),
        Column("kit", "p.kit_number", "Kit dispensed in the period"),
        Column("override_days", "p.override_days", "Days outside the washout rule that the reason was given for;"
               " negative early, positive late"),
        Column("override_reason", "p.override_reason", "Why the washout rule was not kept; empty: it was, or is to be"),
        Column("override_by", "u.printed_name", "Who decided that"),
    )  # fmt: skip
    join = "join enrollment_period p on p.participant_id = t.id left join accounts_user u on u.id = p.override_by_id"
    return Table("periods", columns, FROM_PARTICIPANT.format(join=join, order=", p.number"))


def visits(labels: Labels) -> Table:
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening"),
        labels.visit("v.code"),
        Column("day", "v.day", "Planned day of the period"),
        day("infusion_on", "p.dosed_on", "Day 0 of the period as it was"),
        Column("kit", "p.kit_number", "Kit dispensed in the period"),
        day("planned_on", "v.planned_on", "Planned date"),
        day("earliest_on", "v.earliest_on", "First day of the window"),
        day("latest_on", "v.latest_on", "Last day of the window"),
        day("performed_on", "v.performed_on", "Date of the visit"),
        Column("status", "v.status", "State", codes=choices(Visit.Status)),
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


def _items(editions: Sequence[Instrument]) -> tuple[Column, ...]:
    """A column an item; its range is that of the edition in which it goes furthest, and so are its codes' labels."""
    found = []
    for code in dict.fromkeys(item.code for edition in editions for item in edition.items):
        ways = [edition.by_code[code] for edition in editions if code in edition.by_code]
        item = max(ways, key=lambda way: way.maximum)
        found.append(
            Column(
                code,
                f"(a.items ->> '{code}')::int",
                f"{item.number} {item.name}",
                f"0 to {item.maximum}",
                editions[-1].code,
                {str(value): text for value, text in item.choices if text},
            )
        )
    return tuple(found)


def ratings(labels: Labels) -> Table:
    """One row a rating; the items of the other instruments are empty."""
    items = [column for editions in labels.editions.values() for column in _items(editions)]
    totals = "; ".join(
        f"{code} {min(e.total_minimum for e in editions)} to {max(e.total_maximum for e in editions)}"
        for code, editions in labels.editions.items()
    )
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening"),
        labels.visit("v.code"),
        day("date", "a.performed_on", "Date of the rating"),
        Column("time", "a.performed_time", "Time of the rating, site-local"),
        Column("instrument", "a.instrument", "Instrument", codes=labels.instruments),
        Column("status", "a.status", "State", codes=choices(Assessment.Status)),
        *items,
        Column("total", "a.total", "Total of the row's instrument; empty while an item is missing", totals),
        Column("items_missing", "(select count(*)::int from jsonb_object_keys(a.missing))",
               "Items not rated; which and why: missing_items.csv"),
        Column("rater", "a.rater", "Rater"),
        Column("lookback_days", "a.lookback_days", "Look-back of the rating, days"),
        Column("not_done_reason", "a.not_done_reason", "Why the rating was not done"),
        Column("version", "a.version", "Times saved"),
    )  # fmt: skip
    order = ", p.number nulls first, v.day, a.id"
    return Table("assessments", columns, FROM_PARTICIPANT.format(join=RATINGS, order=order))


def missing_items(labels: Labels) -> Table:
    """One row for each item that was not rated, with its reason."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening"),
        labels.visit("v.code"),
        Column("instrument", "a.instrument", "Instrument", codes=labels.instruments),
        Column("item", "m.key", "Item that was not rated: a column of assessments.csv"),
        Column("reason", "m.value", "Why it has no value", codes=labels.reasons),
    )
    join = f"{RATINGS} cross join jsonb_each_text(a.missing) m"
    order = ", p.number nulls first, v.day, a.id, m.key"
    return Table("missing_items", columns, FROM_PARTICIPANT.format(join=join, order=order))
