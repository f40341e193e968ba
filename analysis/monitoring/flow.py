"""The flow of participants by sequence, counted from frozen rows. Unblinded."""

from collections import Counter

from analysis.charts.flow import flow
from analysis.charts.flow_text import enrolment_steps, period_steps
from analysis.charts.shapes import Chart
from analysis.domain.flow import ParticipantFlow, Stop, count, from_rows, rows
from analysis.interim_data import InterimData, InterimParticipant
from analysis.monitoring.figures import FlowFigures
from enrollment.domain.disposition import disposition
from enrollment.protocol.model import Protocol


def figures(protocol: Protocol, data: InterimData) -> FlowFigures:
    participants = data.participants
    outside = count(
        (ParticipantFlow(status, randomised=False, criteria=criteria), n)
        for status, criteria, n in data.not_randomised
    )
    return FlowFigures(
        randomised=len(participants),
        withdrawn=sum(
            disposition(participant.status, randomised=True) == "withdrawn" for participant in participants
        ),
        screened_again=data.screened_again,
        enrolment=tuple(rows(outside)),
        sequences={
            sequence.code: tuple(
                rows(
                    count(
                        (_course(protocol, participant), 1)
                        for participant in participants
                        if participant.sequence == sequence.code
                    )
                )
            )
            for sequence in protocol.sequences
        },
    )


def chart(protocol: Protocol, figures: FlowFigures) -> Chart:
    """CONSORT's diagram for a crossover trial: one line down to randomisation, then one for each sequence."""
    labels = {arm.code: arm.label for arm in protocol.arms}
    lanes = {sequence.code: from_rows(figures.sequences[sequence.code]) for sequence in protocol.sequences}
    everybody: Counter[Stop] = sum(lanes.values(), from_rows(figures.enrolment))
    arms = {sequence.code: [labels[arm] for arm in sequence.arms] for sequence in protocol.sequences}
    return flow(
        enrolment_steps(everybody, protocol, figures.screened_again),
        [(code, period_steps(stops, protocol, arms[code], code)) for code, stops in lanes.items()],
    )


def _course(protocol: Protocol, participant: InterimParticipant) -> ParticipantFlow:
    states = {period.period: period.state for period in participant.periods}
    courses = tuple(states.get(period.number, "not_dosed") for period in protocol.periods)
    return ParticipantFlow(participant.status, True, courses)
