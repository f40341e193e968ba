"""The only writers of assessments that people type, and of their drafts."""

from assessments.rating.services.drafts import discard_draft, keep_draft
from assessments.rating.services.entering import complete, correct, problems_of, questions_of
from assessments.rating.services.second import adjudicate, correct_second, rate_again

__all__ = [
    "adjudicate",
    "complete",
    "correct",
    "correct_second",
    "discard_draft",
    "keep_draft",
    "problems_of",
    "questions_of",
    "rate_again",
]
