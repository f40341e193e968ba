"""What went otherwise than planned at some visits, by participant, period, visit, form and row."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analysis.demo.records.filled import FilledForm

# Participant, period, visit, form, and which of its rows at the visit.
Where = tuple[str, int | None, str, str, int]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What stands there in place of what the form would have: see FilledForm."""

    answers: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[tuple[str, str], str] = field(default_factory=dict)
    not_done: str = ""

    def in_place_of(self, filled: FilledForm) -> FilledForm:
        if self.not_done:
            return FilledForm(filled.form, not_done=self.not_done)
        kept = {item: text for item, text in filled.answers.items() if item not in self.missing}
        return replace(filled, answers={**kept, **self.answers}, missing=self.missing, comments=self.comments)


# Minutes from capsule to infusion, where it was not about 45.
WAITS: dict[tuple[str, int | None], int] = {("01-003", 1): 53}


OTHERWISE: dict[Where, Otherwise] = {
    ("01-003", 1, "BASELINE", "INFUSION", 1): Otherwise(
        comments={("CAPSULE_TO_START", "usual"): "The line was placed at the second attempt."}
    ),
    # A safety alert: above the limit of the form.
    ("01-005", 1, "BASELINE", "VITALS", 4): Otherwise(
        answers={"SYSBP": "184"},
        comments={("SYSBP", "usual"): "Right; measured again at once on the other arm: 181."},
    ),
    ("02-002", 2, "BASELINE", "VITALS", 4): Otherwise(
        answers={"SYSBP": "166"},
        comments={
            ("SYSBP", "usual"): "Right; measured again after five minutes: 148. No symptoms, no treatment."
        },
    ),
    # Nobody said why: the query is open.
    ("02-005", 2, "BASELINE", "VITALS", 4): Otherwise(answers={"OXYSAT": "91"}),
    ("02-006", 2, "DAY14", "KETAMINE_CRAVING", 1): Otherwise(missing={"CRAVING": "ND"}),
    ("02-008", 1, "DAY5", "MADRS", 1): Otherwise(not_done="The participant had to leave after the HAM-D"),
}

# What was typed at first, and why it was corrected.
TYPED_WRONG: dict[Where, tuple[Mapping[str, str], str]] = {
    ("02-004", 1, "BASELINE", "VITALS", 1): ({"PULSE": "98"}, "Read from the line below on the source page"),
}

# Rows that were entered a second time, and struck out for that reason.
TWICE: dict[Where, str] = {
    ("01-008", 1, "BASELINE", "VITALS", 6): "Entered twice: the row above is the same measurement",
}
