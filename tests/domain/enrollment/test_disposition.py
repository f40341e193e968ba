"""Where a participant stands: one state each, so that every total is the sum of its parts."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blinded.counts import site_figures
from analysis.domain.flow import ParticipantFlow, count, reached
from enrollment.domain.disposition import DISPOSITIONS, RANDOMISED, disposition
from enrollment.models import Participant

STATUS = st.sampled_from(Participant.Status.values)


@given(st.lists(st.tuples(STATUS, st.booleans())))
def test_the_states_of_a_group_add_up_to_the_group(participants: list[tuple[str, bool]]) -> None:
    """Whatever their records say, and as the flow counts them."""
    states = Counter(disposition(status, randomised=randomised) for status, randomised in participants)
    figures = site_figures("01", states, 0, 0, 0, 0, 0, None)
    assert sum(getattr(figures, state) for state in DISPOSITIONS) == figures.screened == len(participants)
    assert sum(getattr(figures, state) for state in RANDOMISED) == figures.randomised
    assert figures.randomised == sum(randomised for _status, randomised in participants)
    stops = count((ParticipantFlow(status, randomised), 1) for status, randomised in participants)
    assert (reached(stops, 0), reached(stops, 1)) == (figures.screened, figures.randomised)


def test_every_status_of_the_record_has_a_state() -> None:
    """And one that is none is an error, not a place."""
    for status in Participant.Status.values:
        assert {disposition(status, randomised=randomised) for randomised in (True, False)} <= set(
            DISPOSITIONS
        )
    with pytest.raises(ValueError, match="no state"):
        disposition("gone", randomised=True)
