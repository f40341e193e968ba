"""Which entries of the system's chain are a study's: those of the study itself, and of its people."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT

from trialsite.accounts.models import AccessEvent, Authenticator, Membership, Study, User
from trialsite.audit.models import Event
from trialsite.audit.trail import SYSTEM
from trialsite.review.models import UnlockRequest


def of_study(study: Study) -> QuerySet[Event]:
    """Protocols, roles, looks, exports, unlocking, accounts and sign-ins. Of other studies nothing: a list taken there
    is left out, though the same person took it."""
    return _annotated().filter(reduce(or_, _parts(study)))


def sources_of_study(study: Study) -> list[QuerySet[Event]]:
    """The same in parts, each of which an index finds from its newest entry on."""
    return [_annotated().filter(part) for part in _parts(study)]


def _annotated() -> QuerySet[Event]:
    return Event.objects.filter(chain=SYSTEM).annotate(
        whose=KT("new__user_id"), about=KT("new__about"), what=KT("new__kind")
    )


def _parts(study: Study) -> Iterator[Q]:
    yield Q(study=study.pk)
    users = list(Membership.objects.filter(study=study).values_list("user", flat=True).distinct())
    taken = Q(what__in=[AccessEvent.Kind.LIST, AccessEvent.Kind.TRAIL])
    elsewhere = taken & ~Q(about__startswith=f"{study.code} ")
    yield Q(table_name=AccessEvent._meta.db_table, whose__in=list(map(str, users))) & ~elsewhere
    yield _rows(User.objects.filter(pk__in=users))
    yield _rows(Authenticator.objects.filter(user__in=users))
    yield _rows(UnlockRequest.objects.filter(lock__study=study))


def _rows(rows: QuerySet[Any]) -> Q:
    return Q(
        table_name=rows.model._meta.db_table, row_pk__in=[str(pk) for pk in rows.values_list("pk", flat=True)]
    )
