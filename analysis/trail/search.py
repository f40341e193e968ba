"""Entries by the name of a form or field: as people see it on the page, or as it is called in the files."""

from django.db.models import BigIntegerField, Model, OuterRef, Q, Subquery
from django.db.models.functions import Cast
from django.db.models.lookups import IsNull

from analysis.trail.names import MODELS
from analysis.trail.values import label
from analysis.trail.withheld import withheld_records
from assessments.domain.instrument import shipped
from assessments.domain.label import Label
from assessments.entry.selectors import form_of
from assessments.models import Assessment, FormVersion, Record
from enrollment.models import ScreeningFact
from trialsite.audit.readiness import audited_tables


def field_named(text: str) -> Q:
    """Entries of a table, with a column, or of a form or one of its items, that is called so."""
    wanted = text.strip().lower()
    condition = Q(table_name__icontains=text) | Q(new__has_key=text) | Q(new__items__has_key=text.upper())
    for table in sorted(audited_tables()):
        model = MODELS[table]
        if wanted in str(model._meta.verbose_name).lower():
            condition |= Q(table_name=table)
        for field in model._meta.concrete_fields:
            if wanted in label(field).lower():
                condition |= Q(table_name=table, new__has_key=field.attname)
    condition |= _instruments(wanted) | _answers(text)
    titled, of_items = _forms(wanted)
    # Which items an entry has says something of them: of what is withheld only the form's name finds it.
    return ((condition | of_items) & ~withheld_records()) | titled


def _instruments(wanted: str) -> Q:
    instruments = shipped().values()
    codes = [form.code for form in instruments if wanted in form.name.lower() or wanted in form.code.lower()]
    condition = _row(Assessment, instrument__in=codes) if codes else Q(pk__in=[])
    for form in instruments:
        for item in form.items:
            if wanted in f"{item.number} {item.name}".lower():
                condition |= Q(new__items__has_key=item.code) | Q(new__missing__has_key=item.code)
    return condition


def _forms(wanted: str) -> tuple[Q, Q]:
    """Records of the forms that were loaded: by any version's title, and by labels of items in every language."""
    titled: set[str] = set()
    condition = Q(pk__in=[])
    for definition in FormVersion.objects.all():
        form = form_of(definition)
        if wanted in form.code.lower() or _called(form.title, wanted):
            titled.add(form.code)
        for item in form.items:
            if _called(item.label, wanted):
                of_item = Q(new__items__has_key=item.code) | Q(new__missing__has_key=item.code)
                condition |= Q(table_name=Record._meta.db_table) & of_item
    return _row(Record, form__in=titled) if titled else Q(pk__in=[]), condition


def _called(label: Label, wanted: str) -> bool:
    return any(wanted in text.lower() for _language, text in label.texts)


def _answers(text: str) -> Q:
    return _row(ScreeningFact, name__icontains=text.strip().replace(" ", "_"))


def _row(model: type[Model], **fields: object) -> Q:
    """Entries about a row that has these values."""
    number = Cast(OuterRef("row_pk"), BigIntegerField())
    row = model._default_manager.filter(pk=number, **fields).order_by().values("pk")[:1]
    return Q(IsNull(Subquery(row), False), table_name=model._meta.db_table)
