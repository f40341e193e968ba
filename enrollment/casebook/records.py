"""A form of the record as pages show it: each answer in words, beside what was changed, asked and verified."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from trialsite.audit.trail import Change
from trialsite.review.models import Query
from trialsite.review.selectors import ReviewStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A field of a form. `anchor`: what its value stands for; `verified`: id of its verification."""

    code: str
    name: str
    number: str = ""
    value: str | int | None = None
    anchor: str = ""
    changes: list[Change] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    verified: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRecord:
    """`history`: its changes after it was first saved, newest first; `verified`: id of the verification of the whole;
    `repeat_key`: which row it is of a form that has several."""

    code: str
    label: str
    answers: list[Answer]
    history: list[Change]
    repeat_key: int | None = None
    queries: list[Query] = field(default_factory=list)
    verified: int | None = None

    @property
    def key(self) -> str:
        """Its name on a page."""
        return self.code if self.repeat_key is None else f"{self.code}-{self.repeat_key}"

    @property
    def waiting(self) -> int:
        """How many of its queries are not closed."""
        return sum(query.status != query.Status.CLOSED for query in self.queries)


Record = TypeVar("Record", bound=FormRecord)


def with_review_status(records: Iterable[Record], status: ReviewStatus) -> list[Record]:
    """The same, each answer with its queries, its changes, and the verification of it, if it is verified."""
    return [_reviewed(record, status) for record in records]


def _reviewed(record: Record, status: ReviewStatus) -> Record:
    place = record.code, record.repeat_key
    verified = status.verified.get(place, {})
    queries = [query for query in status.queries if (query.form, query.repeat_key) == place]
    answers = [
        replace(
            answer,
            queries=[query for query in queries if query.field == answer.code],
            changes=[change for change in record.history if change.field == answer.code],
            verified=verified.get(answer.code),
        )
        for answer in record.answers
    ]
    return replace(record, answers=answers, queries=queries, verified=verified.get(""))
