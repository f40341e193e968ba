"""The only writers of deviations."""

from assessments.deviations.services.filing import file_everywhere, settle_deviations
from assessments.deviations.services.review import close_deviation, reopen_deviation, review_deviation

__all__ = [
    "close_deviation",
    "file_everywhere",
    "reopen_deviation",
    "review_deviation",
    "settle_deviations",
]
