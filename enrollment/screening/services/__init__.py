"""Changes of screening."""

from enrollment.screening.services.decision import confirm_eligibility, reopen_screening
from enrollment.screening.services.drafts import discard_screening_draft, keep_screening_draft
from enrollment.screening.services.screening import record_fact, record_screening, rescreen, screen
from enrollment.screening.services.treatments import declare_treatments

__all__ = [
    "confirm_eligibility",
    "declare_treatments",
    "discard_screening_draft",
    "keep_screening_draft",
    "record_fact",
    "record_screening",
    "reopen_screening",
    "rescreen",
    "screen",
]
