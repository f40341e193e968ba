"""What people said about the records, as tables of an export: queries and deviations turn by turn, signatures, and locks."""

from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, ExportTable, flag, moment
from analysis.exports.labels import Labels
from analysis.exports.people_tables import choices
from assessments.deviations.text import RULES
from assessments.models import Deviation, DeviationTurn
from trialsite.review.models import Query, QueryMessage

PLACE = (
    " left join enrollment_visit v on v.id = {of}.visit_id"
    " left join enrollment_period p on p.id = v.period_id"
)


def queries(labels: Labels) -> ExportTable:
    """One row for each turn of each query."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening and the casebook"),
        labels.visit("v.code", "the casebook"),
        Column("form", "q.form", "Form the query is about: an instrument's code, or visit"),
        Column("field", "q.field", "Field the query is about; empty: the whole form"),
        Column("query", "q.id", "Number of the query"),
        Column("state", "q.status", "State of the query now", codes=choices(Query.Status)),
        Column("edit_check", "q.check_id", "Edit check that asks; empty: a person"),
        Column("edit_check_version", "q.check_version", "Version of the edit check"),
        flag("blocks_signature", "q.blocks_signature", "Must be closed before signing"),
        Column("turn", "row_number() over (partition by q.id order by m.id)", "Turn of the conversation"),
        Column("kind", "m.kind", "What the turn did", codes=choices(QueryMessage.Kind)),
        Column("text", "m.text", "What was said"),
        Column("who", "u.printed_name", "Who said it; empty: the edit check"),
        moment("at", "m.written_at", "When"),
    )
    join = (
        "join review_query q on q.participant_id = t.id join review_querymessage m on m.query_id = q.id"
        " left join accounts_user u on u.id = m.written_by_id" + PLACE.format(of="q")
    )
    return ExportTable("queries", columns, FROM_PARTICIPANT.format(join=join, order=", q.id, m.id"))


def filed_deviations(labels: Labels) -> ExportTable:
    """Deviations that filed themselves: one row for each, and one more for each further turn of its review."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("d.period", "screening"),
        labels.visit("v.code", "the period or the participant"),
        Column("deviation", "d.id", "Number of the deviation"),
        Column(
            "rule", "d.rule", "Rule that is broken", codes={rule: str(label) for rule, label in RULES.items()}
        ),
        Column("tolerance", "d.subject", "Of the rule tolerance, which one of the protocol"),
        Column("class", "d.classification", "Class by the protocol", codes=choices(Deviation.Classification)),
        Column("date", "d.occurred_on", "Day of the deviation"),
        Column("days", "d.days", "By how many days; negative: too early"),
        Column("recorded", "d.recorded", "What was recorded, of a kit or a tolerance"),
        Column("expected", "d.expected", "What it stands against"),
        Column("state", "d.status", "State of the deviation now", codes=choices(Deviation.Status)),
        moment("filed_at", "d.filed_at", "When it filed itself"),
        Column("turn", "row_number() over (partition by d.id order by m.id)", "Turn of its review"),
        Column("kind", "m.kind", "What the turn did; empty: none yet", codes=choices(DeviationTurn.Kind)),
        Column("text", "m.text", "What was said"),
        Column("corrective_action", "m.action", "Corrective and preventive action"),
        Column("who", "u.printed_name", "Who said it; empty: a correction of what it rests on"),
        moment("at", "m.written_at", "When"),
    )
    join = (
        "join assessments_deviation d on d.participant_id = t.id"
        " left join assessments_deviationturn m on m.deviation_id = d.id"
        " left join accounts_user u on u.id = m.written_by_id left join enrollment_visit v on v.id = d.visit_id"
    )
    return ExportTable("filed_deviations", columns, FROM_PARTICIPANT.format(join=join, order=", d.id, m.id"))


def signatures(labels: Labels) -> ExportTable:
    """Every signature, in force or voided."""
    columns = (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening and the casebook"),
        labels.visit("v.code", "the casebook"),
        Column("signed_by", "g.printed_name", "Printed name of the signer"),
        Column("meaning", "g.meaning", "Meaning of the signature"),
        moment("signed_at", "g.signed_at", "When it was signed"),
        moment("voided_at", "g.voided_at", "When a later change voided it; empty: in force"),
        Column("content_sha256", "g.content_sha256", "SHA-256 of what was signed"),
        Column("sha256", "g.sha256", "SHA-256 of the content with signer, name, meaning, time and place"),
    )
    join = "join review_signature g on g.participant_id = t.id" + PLACE.format(of="g")
    return ExportTable("signatures", columns, FROM_PARTICIPANT.format(join=join, order=", g.id"))


def locks(labels: Labels) -> ExportTable:
    """One row for each lock and each request to open it; a lock that nobody asked to open has one row."""
    columns = (
        Column("lock", "l.id", "Number of the lock"),
        Column("participant", "t.code", "Participant code; empty: the whole study is locked"),
        labels.site,
        labels.period("p.number", "screening, the casebook and the study"),
        labels.visit("v.code", "the casebook and the study"),
        Column("locked_by", "u.printed_name", "Who locked"),
        moment("locked_at", "l.locked_at", "When"),
        Column("reason", "l.reason", "Why it was locked"),
        Column("unlock_requested_by", "a.printed_name", "Who asked to open it; empty: nobody"),
        moment("unlock_requested_at", "r.requested_at", "When that was asked"),
        Column("unlock_reason", "r.reason", "Why it should be opened"),
        flag("unlock_approved", "r.approved", "Opened on that request", "not decided"),
        Column("unlock_decided_by", "b.printed_name", "Who decided"),
        moment("unlock_decided_at", "r.decided_at", "When that was decided"),
        Column("unlock_decision_reason", "r.decision_reason", "Why it was decided so"),
        moment("open_until", "r.in_force_until", "Until when it was opened"),
        moment("closed_again_at", "r.ended_at", "When it was closed before that; empty: it was not"),
    )
    source = (
        "from review_lock l join accounts_user u on u.id = l.locked_by_id"
        " left join enrollment_participant t on t.id = l.participant_id left join accounts_site s on s.id = t.site_id"
        + PLACE.format(of="l")
        + " left join review_unlockrequest r on r.lock_id = l.id left join accounts_user a on a.id = r.requested_by_id"
        " left join accounts_user b on b.id = r.decided_by_id where l.study_id = %(study)s"
        " and (t.id is null or t.site_id = any(%(sites)s)) order by l.id, r.id"
    )
    return ExportTable("locks", columns, source)
