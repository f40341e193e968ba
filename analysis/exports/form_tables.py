"""Tables of an export about records of forms: one a form, over all its versions, and the comments on what was kept."""

from collections.abc import Sequence

from analysis.exports.columns import FROM_PARTICIPANT, PARTICIPANT, Column, ExportTable, day
from analysis.exports.form_items import ItemOverVersions
from analysis.exports.labels import Labels
from analysis.exports.people_tables import choices
from assessments.domain.form import Form
from assessments.domain.form_table import free, item_columns
from assessments.entry.selectors import form_of
from assessments.models import FormVersion, Record
from trialsite.accounts.models import Study

RECORDS = (
    "join assessments_record r on r.participant_id = t.id{form} join assessments_formversion f on f.id = r.definition_id"
    " left join enrollment_visit v on v.id = r.visit_id left join enrollment_period p on p.id = v.period_id"
)
ORDER = ", p.number nulls first, v.day nulls first, v.id, r.form, r.repeat_key nulls first, r.id"
STATUS = Column(
    "status", "r.status", "State; a row that was struck out counts for nothing", codes=choices(Record.Status)
)
STATUS_REASON = Column(
    "status_reason", "nullif(r.status_reason, '')", "Why it was not done, or was struck out"
)
FORM_VERSION = Column("form_version", "f.version", "Version of the form that it was entered under")


def form_tables(study: Study, labels: Labels, *, unblinded: bool) -> tuple[ExportTable, ...]:
    """Of every form that was loaded, whether anything is recorded on it or not. What only its author reads stands in an
    `unblinded` export alone."""
    versions: dict[str, list[Form]] = {}
    for definition in FormVersion.objects.filter(study=study).order_by("id"):
        versions.setdefault(definition.code, []).append(form_of(definition))
    taken = {"form_comments"}
    # A form that any version withholds: its columns are those of all versions.
    withheld = {
        code for code, forms in versions.items() if any(form.withheld for form in forms) and not unblinded
    }
    tables = [
        ExportTable(
            free(f"form_{code.lower()}", taken),
            _columns(forms, labels, withheld=code in withheld),
            _source(code),
        )
        for code, forms in sorted(versions.items())
    ]
    titles = {code: forms[-1].title.text() for code, forms in versions.items()}
    return (*tables, _comments(labels, titles, sorted(withheld)))


def _source(form: str) -> str:
    # A code is letters, digits and _: the form's file says no other.
    return FROM_PARTICIPANT.format(join=RECORDS.format(form=f" and r.form = '{form}'"), order=ORDER)


def _head(labels: Labels) -> tuple[Column, ...]:
    return (
        PARTICIPANT,
        labels.site,
        labels.period("p.number", "screening and forms of the participant"),
        labels.visit("v.code", "forms of the participant"),
    )


def _columns(versions: Sequence[Form], labels: Labels, *, withheld: bool) -> tuple[Column, ...]:
    """Items of the latest version in its order, then those that only earlier ones have; none of what is withheld."""
    row = versions[-1].repeat_label
    repeat = f"Number of the row, for good ({row.text()})" if row else "Empty: the form is filled in once"
    head = (
        *_head(labels),
        Column("repeat_key", "r.repeat_key", repeat),
        STATUS,
        *(() if withheld else (STATUS_REASON,)),
        day("performed_on", "r.performed_on", "Date; of a form at a visit"),
        FORM_VERSION,
    )
    if withheld:
        return head
    items = [
        column
        for code, names in item_columns(versions).items()
        for column in ItemOverVersions(code, versions, names).columns(labels.form_reasons)
    ]
    return (*head, *items)


def _comments(labels: Labels, titles: dict[str, str], withheld: Sequence[str]) -> ExportTable:
    """One row for each comment with which an unusual value was kept."""
    columns = (
        *_head(labels),
        Column("form", "r.form", "Form", codes=titles),
        Column("repeat_key", "r.repeat_key", "Number of the row; empty: the form is filled in once"),
        STATUS,
        FORM_VERSION,
        Column("item", "split_part(c.key, ' ', 1)", "Item that was asked about: a column of the form's file"),
        Column("check", "split_part(c.key, ' ', 2)", "Check that asked; usual: the usual range of the item"),
        Column("comment", "c.value", "Why the value is kept"),
    )
    # Codes are letters, digits and _.
    kept = f" and r.form <> all('{{{','.join(withheld)}}}')" if withheld else ""
    join = RECORDS.format(form=kept) + " cross join jsonb_each_text(r.comments) c"
    return ExportTable("form_comments", columns, FROM_PARTICIPANT.format(join=join, order=f"{ORDER}, c.key"))
