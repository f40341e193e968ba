"""The list of treatments that failed: a number of screening that a form says."""

from enrollment.protocol.model import Criterion

# The fact that is known only once somebody has said that the list is complete.
FAILED_TREATMENTS = "failed_treatments"
FAILED_OF_THE_LIST = "FAILED_TREATMENT.filter(t, t.FAILED).map(t, t.SUBSTANCE).distinct().size()"


def source_of(criterion: Criterion) -> str:
    """The criterion's `value`, or what protocols of earlier versions meant that counted failed treatments without saying
    how; "" where screening records the fact itself."""
    return criterion.value or (FAILED_OF_THE_LIST if criterion.fact == FAILED_TREATMENTS else "")
