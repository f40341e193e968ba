"""Tables of an export about what took place: periods, visits, ratings, and the items that were not rated."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, ExportTable, day, moment
from analysis.exports.labels import Labels
from analysis.exports.people_tables import choices
from analysis.exports.prorated import prorated_column
from assessments.domain.instrument import Instrument
from assessments.models import Assessment
from enrollment.models import Visit
from trialsite.accounts.models import Study

RATINGS = (
    "join enrollment_visit v on v.participant_id = t.id join assessments_assessment a on a.visit_id = v.id"
    " left join enrollment_period p on p.id = v.period_id"
)
SECOND = "assessments_secondrating s2 on s2.visit_id = a.visit_id and s2.instrument = a.instrument"
WRONG_SIDE = (
    "case when a.status <> 'not_done' then"
    " assessment_wrong_side(v.code = any(%(after_dose)s), a.performed_on, p.dosed_on) end"
)
WRONG_SIDES = {
    "before_dose": "Of a visit after the dose, dated before it",
    "after_dose": "Of a visit before the dose, dated after it",
}
DEVIATIONS = {
    "visit_early": "Visit before its window",
    "visit_late": "Visit after its window",
    "visit_missed": "Visit missed",
    "rating_before_dose": "Rating of a visit after the dose, dated before it: not counted",
    "rating_after_dose": "Rating of a visit before the dose, dated after it: not counted",
    "washout_early": "Dose before the washout minimum or the last visit of the period before",
    "washout_late": "Dose after the longest washout",
    "dose_after_withdrawal": "Dose given after the participant had withdrawn",
    "dose_while_halted": "Dose given while dosing was halted",
    "rating_after_withdrawal": "Rating made after the participant had withdrawn",
}
# One row a deviation: columns as `deviations` names them.
DEVIATION_ROWS = f"""join lateral (
  select p.number, v.code as visit, v.day, v.id as ord, '' as instrument,
         case when v.status = 'missed' then 'visit_missed' when v.performed_on < v.earliest_on then 'visit_early'
              else 'visit_late' end as kind,
         v.performed_on as on_day, case when v.performed_on < v.earliest_on then v.performed_on - v.earliest_on
              when v.performed_on > v.latest_on then v.performed_on - v.latest_on end as days, v.missed_reason as reason
  from enrollment_visit v left join enrollment_period p on p.id = v.period_id
  where v.participant_id = t.id and (v.status = 'missed' or v.performed_on < v.earliest_on or v.performed_on > v.latest_on)
  union all
  select p.number, v.code, v.day, a.id, a.instrument, 'rating_' || side.found, a.performed_on,
         a.performed_on - p.dosed_on, ''
  from enrollment_visit v join assessments_assessment a on a.visit_id = v.id
  join enrollment_period p on p.id = v.period_id
  cross join lateral (select {WRONG_SIDE} as found) side
  where v.participant_id = t.id and side.found is not null
  union all
  select p.number, '', null, p.id, '', case when p.override_days < 0 then 'washout_early' else 'washout_late' end,
         coalesce(p.dosed_on, p.planned_on), p.override_days, p.override_reason
  from enrollment_period p where p.participant_id = t.id and p.override_days <> 0
  union all
  select p.number, '', null, p.id, '',
         case when p.dosed_on > t.left_on then 'dose_after_withdrawal' else 'dose_while_halted' end,
         p.dosed_on, case when p.dosed_on > t.left_on then p.dosed_on - t.left_on end, p.given_despite
  from enrollment_period p where p.participant_id = t.id and p.given_despite <> '' and p.dosed_on is not null
  union all
  select p.number, v.code, v.day, a.id, a.instrument, 'rating_after_withdrawal', a.performed_on,
         a.performed_on - t.left_on, ''
  from enrollment_visit v join assessments_assessment a on a.visit_id = v.id
  left join enrollment_period p on p.id = v.period_id
  where v.participant_id = t.id and a.performed_on > t.left_on and a.status <> 'not_done') d on true"""  # noqa: S608 - text of our own


def periods(labels: Labels) -> ExportTable:
    """One row a period: its infusion, its kit, and the reason where the washout rule was not kept."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number"),
        day("planned_on", "p.planned_on", "Day 0 as planned"),
        day("infusion_on", "p.dosed_on", "Day 0 as it was"),
        Column("kit", "p.kit_number", "Kit dispensed in the period"),
        Column(
            "override_days",
            "p.override_days",
            "Days outside the washout rule that the reason was given for; negative early, positive late",
        ),
        Column(
            "override_reason",
            "p.override_reason",
            "Why the washout rule was not kept; empty: it was, or is to be",
        ),
        Column("override_by", "u.printed_name", "Who decided that"),
        Column(
            "given_despite",
            "p.given_despite",
            "Why it was given after a withdrawal, or while dosing was halted",
        ),
    )
    join = "join enrollment_period p on p.participant_id = t.id left join accounts_user u on u.id = p.override_by_id"
    return ExportTable("periods", columns, FROM_PARTICIPANT.format(join=join, order=", p.number"))


def visits(labels: Labels) -> ExportTable:
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
        Column(
            "deviation_days",
            "case when v.performed_on < v.earliest_on then v.performed_on - v.earliest_on"
            " when v.performed_on > v.latest_on then v.performed_on - v.latest_on"
            " when v.performed_on is not null and v.earliest_on is not null then 0 end",
            "Days outside the window; negative early, positive late",
        ),
        Column("missed_reason", "v.missed_reason", "Why it was missed"),
    )
    join = "join enrollment_visit v on v.participant_id = t.id left join enrollment_period p on p.id = v.period_id"
    return ExportTable(
        "visits", columns, FROM_PARTICIPANT.format(join=join, order=", p.number nulls first, v.day, v.id")
    )


def _items(editions: Sequence[Instrument]) -> tuple[Column, ...]:
    """A column an item; its range is that of the edition in which it goes furthest, and so are its codes' labels."""
    columns = []
    for code in dict.fromkeys(item.code for edition in editions for item in edition.items):
        ways = [edition.by_code[code] for edition in editions if code in edition.by_code]
        item = max(ways, key=lambda way: way.maximum)
        columns.append(
            Column(
                code,
                f"(a.items ->> '{code}')::int",
                f"{item.number} {item.name}",
                f"0 to {item.maximum}",
                editions[-1].code,
                {str(value): text for value, text in item.choices if text},
            )
        )
    return tuple(columns)


def ratings(labels: Labels, study: Study) -> ExportTable:
    """One row a rating of `study`; the items of the other instruments are empty."""
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
        prorated_column(study),
        Column(
            "counted_total",
            "coalesce(s2.adjudicated_total, a.total)",
            "Total that counts: the adjudicated one of two ratings, else this rating's; second_ratings.csv has the other",
            totals,
        ),
        Column(
            "not_counted",
            WRONG_SIDE,
            "Why the rating counts for no outcome; empty: it counts as far as it has a total",
            codes=WRONG_SIDES,
        ),
        Column(
            "items_missing",
            "(select count(*)::int from jsonb_object_keys(a.missing))",
            "Items not rated; which and why: missing_items.csv",
        ),
        Column("rater", "a.rater", "Rater"),
        Column("lookback_days", "a.lookback_days", "Look-back of the rating, days"),
        Column("not_done_reason", "a.not_done_reason", "Why the rating was not done"),
        Column("version", "a.version", "Times saved"),
    )
    order = ", p.number nulls first, v.day, a.id"
    return ExportTable(
        "assessments", columns, FROM_PARTICIPANT.format(join=f"{RATINGS} left join {SECOND}", order=order)
    )


def second_ratings(labels: Labels) -> ExportTable:
    """One row for each interview that another rater rated too, with what counts of the two."""
    items = [
        replace(column, sql=column.sql.replace("a.items", "s2.items"))
        for editions in labels.editions.values()
        for column in _items(editions)
    ]
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening"),
        labels.visit("v.code"),
        day("date", "s2.performed_on", "Date of the second rating"),
        Column("instrument", "a.instrument", "Instrument", codes=labels.instruments),
        Column("status", "s2.status", "State of the second rating", codes=choices(Assessment.Status)),
        *items,
        Column("total", "s2.total", "Total of the second rating; empty while an item is missing"),
        Column("rater", "s2.rater", "Rater of the second rating"),
        Column("not_done_reason", "s2.not_done_reason", "Why the second rating was not done"),
        Column("first_total", "a.total", "Total of the first rating"),
        Column("first_rater", "a.rater", "Rater of the first rating"),
        Column("difference", "s2.total - a.total", "Second minus first total"),
        Column(
            "adjudicated_total", "s2.adjudicated_total", "Total that the investigator decided on; empty: none"
        ),
        Column("adjudication_reason", "s2.adjudication_reason", "Reason for it"),
        Column("adjudicated_by", "u2.printed_name", "Who decided"),
        moment("adjudicated_at", "s2.adjudicated_at", "When"),
        Column(
            "counts",
            "case when s2.adjudicated_total is null then 'first' else 'adjudicated' end",
            "Which total counts",
            codes={"first": "total of the first rating", "adjudicated": "adjudicated total"},
        ),
    )
    join = f"{RATINGS} join {SECOND} left join accounts_user u2 on u2.id = s2.adjudicated_by_id"
    order = ", p.number nulls first, v.day, a.id"
    return ExportTable("second_ratings", columns, FROM_PARTICIPANT.format(join=join, order=order))


def missing_items(labels: Labels) -> ExportTable:
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
    return ExportTable("missing_items", columns, FROM_PARTICIPANT.format(join=join, order=order))


def deviations(labels: Labels) -> ExportTable:
    """One row for each departure from the schedule: visits, ratings that do not count, washouts with their reason."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("d.number", "screening"),
        labels.visit("nullif(d.visit, '')", "a dose"),
        Column(
            "instrument",
            "nullif(d.instrument, '')",
            "Instrument; empty: no single rating",
            codes=labels.instruments,
        ),
        Column("deviation", "d.kind", "What was otherwise than planned", codes=DEVIATIONS),
        day("date", "d.on_day", "When it took place; of a dose that is only planned, the planned day"),
        Column(
            "days",
            "d.days",
            "Days outside window or washout; of a rating that does not count, days from the dose; of what came after a"
            " withdrawal, days from that; negative early, positive late",
        ),
        Column("reason", "d.reason", "Reason that was given"),
    )
    order = ", d.number nulls first, d.day nulls first, d.kind, d.ord"
    return ExportTable("deviations", columns, FROM_PARTICIPANT.format(join=DEVIATION_ROWS, order=order))
