"""Tables of an export about people: who takes part, why they may, and what they were given before."""

from django.db.models import Choices

from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, ExportTable, day, flag, moment
from analysis.exports.labels import Labels, sequences
from assessments.models.record import TREATMENTS
from enrollment.models import Participant
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study

GROUPS = {"inclusion": "Inclusion", "exclusion": "Exclusion"}
KINDS = {
    "antidepressant": "Antidepressant medication",
    "ect": "Electroconvulsive therapy",
    "tms": "Transcranial magnetic stimulation",
    "vns": "Vagus nerve stimulation",
    "dbs": "Deep brain stimulation",
    "other": "Other somatic treatment",
}
OUTCOMES = {
    "none": "No benefit",
    "insufficient": "Insufficient benefit",
    "intolerant": "Stopped for side effects",
    "helped": "Helped",
}
OUTCOME = "lower(coalesce(f.items ->> 'OUTCOME', f.items ->> 'OUTCOME_WRITTEN'))"
DOSE = "coalesce(f.items ->> 'DOSE_GIVEN', (f.items -> 'DOSE' ->> 'value') || ' ' || (f.items -> 'DOSE' ->> 'unit'))"
VERDICTS = {"met": "Met", "not met": "Not met", "unknown": "Not known"}


def choices(kind: type[Choices]) -> dict[str, str]:
    return {str(code): str(label) for code, label in kind.choices}


def participants(labels: Labels, protocol: Protocol, unblinded: bool) -> ExportTable:
    """One row a participant; the sequence only in an unblinded export."""
    columns: tuple[Column, ...] = (
        PARTICIPANT,
        labels.site,
        Column("status", "t.status", "State in the study", codes=choices(Participant.Status)),
        day("consented_on", "t.consented_on", "Consent date"),
        Column(
            "consent_version",
            "cv.label",
            "Version of the consent text that was signed; empty where it was not recorded",
        ),
        Column("consent_language", "cv.language", "Language of that text, code"),
        day(
            "consent_approved_on",
            "ca.approved_on",
            "Approval of that text at the site: date; empty where it has none",
        ),
        Column("age", "t.age", "Age at consent, years"),
        Column("sex", "t.sex", "Sex", codes=choices(Participant.Sex)),
        day(
            "randomised_on",
            "(t.randomised_at at time zone s.timezone)::date",
            "Randomised, site-local date",
        ),
        day(
            "completed_on",
            "case when t.status = 'completed' then (select max(v.performed_on) from enrollment_visit v"
            " where v.participant_id = t.id and v.period_id is not null) end",
            "Completed the study: date of the last visit that took place",
        ),
        day("left_on", "t.left_on", "Withdrew from the study: date"),
        flag(
            "left_on_derived",
            "case when t.status = 'withdrawn' then t.left_on_derived end",
            "Whether that is the day on which the withdrawal was recorded: before withdrawals had a date",
            "who has not withdrawn",
        ),
        Column("left_reason", "t.left_reason", "Reason for screen failure or withdrawal"),
        Column(
            "rescreen_of",
            "(select e.code from enrollment_participant e where e.id = t.rescreen_of_id)",
            "Earlier code of the same person, a screen failure; empty: screened once, or for the first time",
        ),
    )
    join = (
        "left join enrollment_consentversion cv on cv.id = t.consent_version_id"
        " left join enrollment_consentapproval ca on ca.consent_version_id = cv.id and ca.site_id = t.site_id"
    )
    if unblinded:
        columns += (Column("sequence", "c.sequence", "Order of treatments", codes=sequences(protocol)),)
        join += " left join closed.slot c on c.participant_id = t.id"
    return ExportTable("participants", columns, FROM_PARTICIPANT.format(join=join, order=""))


def facts(labels: Labels) -> ExportTable:
    """One row a fact of screening, as it stands now; the audit trail has the earlier ones."""
    columns = (
        PARTICIPANT,
        labels.site,
        Column("fact", "f.name", "What eligibility is judged on", codes=labels.facts),
        Column("value", "f.value", "Value; of a question 1 yes, 0 no; empty: not known", kind="number"),
        Column("source", "f.source", "Form, or rating and its version, that it comes from"),
        moment("recorded_at", "f.recorded_at", "When it was recorded"),
    )
    join = "join enrollment_fact f on f.participant_id = t.id"
    return ExportTable("screening_facts", columns, FROM_PARTICIPANT.format(join=join, order=", f.name"))


def decisions(labels: Labels) -> ExportTable:
    """One row for each criterion of each decision on eligibility, with what was judged."""
    columns = (
        PARTICIPANT,
        labels.site,
        Column(
            "decision", "row_number() over (partition by t.id, c.n order by d.id)", "Decision, counted from 1"
        ),
        flag("eligible", "d.eligible", "Decided eligible"),
        moment("decided_at", "d.decided_at", "When it was decided"),
        Column("decided_by", "u.printed_name", "Who decided"),
        Column(
            "printed_name", "d.printed_name", "Name under the signature; empty: before decisions were signed"
        ),
        Column("meaning", "d.meaning", "What the signature means"),
        Column("comment", "d.comment", "Comment on the decision"),
        Column("criterion", "c.result ->> 'id'", "Criterion of the protocol", codes=labels.criteria),
        Column("verdict", "c.result ->> 'verdict'", "Whether the criterion was met then", codes=VERDICTS),
    )
    join = (
        "join enrollment_eligibilitydecision d on d.participant_id = t.id join accounts_user u on u.id = d.decided_by_id"
        " cross join jsonb_array_elements(d.criteria) with ordinality c (result, n)"
    )
    return ExportTable("eligibility", columns, FROM_PARTICIPANT.format(join=join, order=", d.id, c.n"))


def treatments(labels: Labels) -> ExportTable:
    """One row for each earlier treatment; those taken off the list are marked, not left out. The table of the form has all
    that is asked of them; this one is as it was before the list was a form."""
    columns = (
        PARTICIPANT,
        labels.site,
        Column("number", "f.repeat_key", "Treatment, counted from 1", kind="integer"),
        Column(
            "kind",
            "lower(coalesce(f.items ->> 'KIND', f.items ->> 'KIND_WRITTEN'))",
            "Kind of treatment",
            codes=KINDS,
        ),
        Column("name", "coalesce(f.items ->> 'NAME', lower(f.items ->> 'KIND'))", "Name of the treatment"),
        Column("dose", DOSE, "Dose"),
        Column("weeks", "(f.items ->> 'WEEKS')::int", "Duration, weeks", kind="integer"),
        Column("outcome", OUTCOME, "How it helped", codes=OUTCOMES),
        flag("removed", "f.status = 'struck_out'", "Taken off the list: entered in error"),
    )
    join = f"join assessments_record f on f.participant_id = t.id and f.form = '{TREATMENTS}'"
    return ExportTable(
        "failed_treatments", columns, FROM_PARTICIPANT.format(join=join, order=", f.repeat_key")
    )


def criteria(study: Study) -> ExportTable:
    """One row for each criterion of each version of the protocol. Names nobody: from the protocol itself."""
    columns = (
        Column("protocol", "r.version", "Protocol version"),
        Column("criterion", "c.value ->> 'id'", "Criterion of the protocol"),
        Column("group", "c.value ->> 'group'", "Inclusion or exclusion", codes=GROUPS),
        Column("kind", "c.value ->> 'kind'", "How the fact is judged", "minimum, maximum, range, confirm"),
        Column("fact", "c.value ->> 'fact'", "Fact that is judged"),
        Column("minimum", "(c.value ->> 'minimum')::numeric", "Lowest value that meets it", kind="number"),
        Column("maximum", "(c.value ->> 'maximum')::numeric", "Highest value that meets it", kind="number"),
        flag("expected", "(c.value ->> 'expected')::boolean", "Answer that meets it"),
        Column("unit", "c.value ->> 'unit'", "Unit of the bounds"),
        Column("text", "c.value ->> 'text'", "The criterion as the protocol states it"),
    )
    source = (
        "from enrollment_protocolversion r cross join jsonb_array_elements(r.document -> 'criteria')"
        " with ordinality c (value, n) where r.study_id = %(study)s order by r.id, c.n"
    )
    return ExportTable("criteria", columns, source)
