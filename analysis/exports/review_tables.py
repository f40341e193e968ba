"""What people said about the records, as tables of an export: queries turn by turn, and signatures."""

from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, SITE, Column, Table, flag, moment

PERIOD = Column("period", "p.number", "Period; empty for screening and the casebook")
VISIT = Column("visit", "v.code", "Visit code of the protocol; empty for the casebook")
YES_NO = "1 yes, 0 no"
PLACE = (
    " left join enrollment_visit v on v.id = {of}.visit_id"
    " left join enrollment_period p on p.id = v.period_id"
)


def queries() -> Table:
    """One row for each turn of each query."""
    columns = (
        PARTICIPANT,
        SITE,
        PERIOD,
        VISIT,
        Column("form", "q.form", "Form the query is about: an instrument's code, or visit"),
        Column("field", "q.field", "Field the query is about; empty: the whole form"),
        Column("query", "q.id", "Number of the query"),
        Column("state", "q.status", "State of the query now", "open, answered, closed"),
        Column("edit_check", "q.check_id", "Edit check that asks; empty: a person"),
        Column("edit_check_version", "q.check_version", "Version of the edit check"),
        Column("blocks_signature", flag("q.blocks_signature"), "Must be closed before signing", YES_NO),
        Column("turn", "row_number() over (partition by q.id order by m.id)", "Turn of the conversation"),
        Column("kind", "m.kind", "What the turn did", "raised, answered, requeried, closed"),
        Column("text", "m.text", "What was said"),
        Column("who", "u.printed_name", "Who said it; empty: the edit check"),
        Column("at", moment("m.written_at"), "When", "ISO 8601"),
    )
    join = (
        "join review_query q on q.participant_id = t.id join review_querymessage m on m.query_id = q.id"
        " left join accounts_user u on u.id = m.written_by_id" + PLACE.format(of="q")
    )
    return Table("queries", columns, FROM_PARTICIPANT.format(join=join, order=", q.id, m.id"))


def signatures() -> Table:
    """Every signature, in force or voided."""
    columns = (
        PARTICIPANT,
        SITE,
        PERIOD,
        VISIT,
        Column("signed_by", "g.printed_name", "Printed name of the signer"),
        Column("meaning", "g.meaning", "Meaning of the signature"),
        Column("signed_at", moment("g.signed_at"), "When it was signed", "ISO 8601"),
        Column(
            "voided_at", moment("g.voided_at"), "When a later change voided it; empty: in force", "ISO 8601"
        ),
        Column("content_sha256", "g.content_sha256", "SHA-256 of what was signed"),
        Column("sha256", "g.sha256", "SHA-256 of the content with signer, name, meaning, time and place"),
    )
    join = "join review_signature g on g.participant_id = t.id" + PLACE.format(of="g")
    return Table("signatures", columns, FROM_PARTICIPANT.format(join=join, order=", g.id"))
