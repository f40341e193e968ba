"""What review has to know of the records that people talk about. The rooms that hold those are above this one."""

from typing import Any, Protocol

from django.db.models import QuerySet

from trialsite.accounts.models import Site, Study


class SigningRules(Protocol):
    """Of a protocol: so many hours after another password or second factor nobody signs."""

    @property
    def signing_rest_hours(self) -> int: ...


class ProtocolVersion(Protocol):
    @property
    def definition(self) -> SigningRules: ...


class ReviewedPeriod(Protocol):
    @property
    def number(self) -> int: ...


class ReviewedVisit(Protocol):
    """`status`: "planned" until the visit took place or was missed. `str()` is its name."""

    @property
    def pk(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def period(self) -> ReviewedPeriod | None: ...


class ReviewedVisits(Protocol):
    """A participant's. Its rows are of ReviewedVisit: Django knows the rows of a relation by their model alone."""

    def filter(self, *conditions: Any, **values: Any) -> QuerySet[Any]: ...


class ReviewedParticipant(Protocol):
    @property
    def pk(self) -> int: ...
    @property
    def study(self) -> Study: ...
    @property
    def site(self) -> Site: ...
    @property
    def protocol(self) -> ProtocolVersion: ...
    @property
    def visits(self) -> ReviewedVisits: ...
