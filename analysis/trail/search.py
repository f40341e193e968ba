"""Entries by the name of a form or field: as people see it on the page, or as it is called in the files."""

from django.db.models import BigIntegerField, Model, OuterRef, Q, Subquery
from django.db.models.functions import Cast
from django.db.models.lookups import IsNull

from analysis.trail.names import MODELS
from analysis.trail.values import label
from assessments.domain.instrument import shipped
from assessments.models import Assessment
from enrollment.models import Fact
from trialsite.audit.readiness import audited_tables


def field_named(text: str) -> Q:
    """Entries of a table, with a column, or of a form or one of its items, that is called so."""
    wanted = text.strip().lower()
    found = Q(table_name__icontains=text) | Q(new__has_key=text) | Q(new__items__has_key=text.upper())
    for table in sorted(audited_tables()):
        model = MODELS[table]
        if wanted in str(model._meta.verbose_name).lower():
            found |= Q(table_name=table)
        for field in model._meta.concrete_fields:
            if wanted in label(field).lower():
                found |= Q(table_name=table, new__has_key=field.attname)
    return found | _forms(wanted) | _answers(text)


def _forms(wanted: str) -> Q:
    instruments = shipped().values()
    codes = [form.code for form in instruments if wanted in form.name.lower() or wanted in form.code.lower()]
    found = _row(Assessment, instrument__in=codes) if codes else Q(pk__in=[])
    for form in instruments:
        for item in form.items:
            if wanted in f"{item.number} {item.name}".lower():
                found |= Q(new__items__has_key=item.code) | Q(new__missing__has_key=item.code)
    return found


def _answers(text: str) -> Q:
    return _row(Fact, name__icontains=text.strip().replace(" ", "_"))


def _row(model: type[Model], **fields: object) -> Q:
    """Entries about a row that has these values."""
    number = Cast(OuterRef("row_pk"), BigIntegerField())
    row = model._default_manager.filter(pk=number, **fields).order_by().values("pk")[:1]
    return Q(IsNull(Subquery(row), False), table_name=model._meta.db_table)
