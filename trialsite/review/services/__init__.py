"""The only writers of what people say about a record: queries, verification, signatures, locks."""

from trialsite.review.services.locks import decide_unlock, end_unlock, lock, request_unlock
from trialsite.review.services.queries import (
    Finding,
    Place,
    answer,
    ask_again,
    close,
    note_findings,
    raise_findings,
    raise_queries,
    settle_findings,
    settle_findings_at,
)
from trialsite.review.services.signatures import sign, sign_series, unverify, verify

__all__ = [
    "Finding",
    "Place",
    "answer",
    "ask_again",
    "close",
    "decide_unlock",
    "end_unlock",
    "lock",
    "note_findings",
    "raise_findings",
    "raise_queries",
    "request_unlock",
    "settle_findings",
    "settle_findings_at",
    "sign",
    "sign_series",
    "unverify",
    "verify",
]
