"""One assessment on its ways: the browser's fields, a draft, the entry that is checked, the record that is saved.

Fields and drafts hold text as it was typed, for what cannot be read is shown again as well; a record is text again when
its form is opened. No other module knows what a field is called.
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from assessments.domain.entry import AssessmentContent
from assessments.domain.instrument import Instrument
from assessments.models import Assessment, SecondRating
from trialsite.accounts.fields import typed_day
from trialsite.lib.days import day_text

LONGEST = 500


def item_field(code: str) -> str:
    """The form's field of an item's value."""
    return f"item_{code}"


def missing_field(code: str) -> str:
    """The form's field of the reason why an item has no value."""
    return f"missing_{code}"


@dataclass(frozen=True, slots=True)
class AssessmentText:
    """An assessment as its form shows it. `items`: item code → what was typed; `missing`: item code → code of the reason;
    the other attributes are the form's other fields. Empty texts stand for what is not there."""

    items: Mapping[str, str]
    missing: Mapping[str, str]
    rater: str = ""
    performed_on: str = ""
    performed_time: str = ""
    lookback_days: str = ""
    not_done_reason: str = ""
    reason: str = ""
    kept_because: str = ""

    def named(self) -> dict[str, str]:
        """The fields besides the items, by name."""
        return {name: str(getattr(self, name)) for name in NAMES}

    def by_field(self) -> dict[str, str]:
        """As the browser would send it, and as a draft is kept; fields without a text are left out."""
        every = {
            **self.named(),
            **{item_field(code): value for code, value in self.items.items()},
            **{missing_field(code): why for code, why in self.missing.items()},
        }
        return {name: text for name, text in every.items() if text}


NAMES = tuple(field.name for field in fields(AssessmentText) if field.name not in {"items", "missing"})


def text_from(sent: Mapping[str, object], instrument: Instrument) -> AssessmentText:
    """Of the fields that a browser sent, or of a draft: the form's own and nothing else, each of bounded length. A date
    that can be read is written as dates are shown."""
    codes = list(instrument.by_code)
    named = {name: _bounded(sent, name) for name in NAMES}
    named["performed_on"] = typed_day(named["performed_on"])
    return AssessmentText(
        items={code: text for code in codes if (text := _bounded(sent, item_field(code)).strip())},
        missing={code: text for code in codes if (text := _bounded(sent, missing_field(code)).strip())},
        **named,
    )


def _bounded(sent: Mapping[str, object], name: str) -> str:
    return str(sent.get(name) or "")[:LONGEST]


def text_of(assessment: Assessment | SecondRating) -> AssessmentText:
    """Of a saved record."""
    return AssessmentText(
        items={code: str(value) for code, value in assessment.items.items()},
        missing=assessment.missing,
        rater=assessment.rater,
        performed_on=day_text(assessment.performed_on) if assessment.performed_on else "",
        performed_time=f"{assessment.performed_time:%H:%M}" if assessment.performed_time else "",
        lookback_days="" if assessment.lookback_days is None else str(assessment.lookback_days),
        not_done_reason=assessment.not_done_reason,
    )


def empty_text(rater: str, today: date) -> AssessmentText:
    """Of a form that nobody has filled in."""
    return AssessmentText(items={}, missing={}, rater=rater, performed_on=day_text(today))


def content_in(assessment: Assessment) -> AssessmentContent:
    """What a record holds."""
    return AssessmentContent(
        **{field.name: getattr(assessment, field.name) for field in fields(AssessmentContent)}
    )


def put(content: AssessmentContent, assessment: Assessment | SecondRating) -> None:
    """Make `assessment` hold it, unsaved."""
    for name, value in asdict(content).items():
        setattr(assessment, name, value)


def new_token() -> str:
    """Names one opened form: a second send of it finds the record of the first."""
    return str(uuid.uuid4())
