"""Safety alerts from ratings: the rule of the instrument's file, on HAM-D item 3 (suicide).

An alert is for those who look after participants' safety. One raised by a rise tells that the rating before
was lower, so no page where somebody rates shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assessments.domain.instrument import Instrument


@dataclass(frozen=True, slots=True)
class Alert:
    """`previous`: the value before, None when there is none or it was not assessed. `trigger`: "level" when
    the value alone is enough, else "rise". `message` is an English template to translate and fill with
    `params`."""

    item: str
    value: int
    previous: int | None
    trigger: Literal["level", "rise"]
    message: str
    params: dict[str, object]


def alert(
    instrument: Instrument, items: Mapping[str, int | None], previous: Mapping[str, int | None] | None = None
) -> Alert | None:
    """The alert that a rating raises, if any: the watched item at the rule's minimum, or risen by its step.

    `items`, `previous`: item code to value, of this rating and of the participant's rating before in time. An
    item that was not assessed raises nothing and is nothing to rise from.
    """
    rule = instrument.alert
    value = items.get(rule.item) if rule else None
    if rule is None or value is None:
        return None
    before = previous.get(rule.item) if previous else None
    number = instrument.by_code[rule.item].number
    params: dict[str, object] = {"number": number, "value": value, "previous": before}
    if value >= rule.minimum:
        message = "Item %(number)s is rated %(value)s. Ensure the participant's safety first."
        return Alert(rule.item, value, before, "level", message, params)
    if before is not None and value - before >= rule.rise:
        message = (
            "Item %(number)s rose from %(previous)s to %(value)s. Ask the investigator to assess the risk."
        )
        return Alert(rule.item, value, before, "rise", message, params)
    return None


def alerts_in_time(instrument: Instrument, course: Sequence[Mapping[str, int | None]]) -> list[Alert | None]:
    """The alert, or None, of each rating of one participant's `course` (item code to value, in the order of time).

    Each is compared with the latest rating before it at which the watched item was assessed.
    """
    alerts: list[Alert | None] = []
    before: Mapping[str, int | None] | None = None
    for items in course:
        alerts.append(alert(instrument, items, before))
        if instrument.alert and items.get(instrument.alert.item) is not None:
            before = items
    return alerts
