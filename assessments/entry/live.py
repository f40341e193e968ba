"""What an open page is told while somebody types: the parts to show, what is required, calculated, wrong, asked."""

from typing import Any

from django.utils.translation import gettext as _

from assessments.domain.evaluate import Evaluation
from assessments.domain.form import Form
from assessments.domain.value_text import shown_text
from assessments.entry.codec import TypedRecord, comment_field, item_field
from assessments.language import form_language


def live_answer(form: Form, typed: TypedRecord, evaluation: Evaluation) -> dict[str, Any]:
    """As JSON: item codes, and by field what is wrong. What is only not answered yet is no mistake while one types."""
    language = form_language()
    errors = {
        item_field(problem.item): _(problem.message) % problem.params
        for problem in evaluation.problems
        if problem.rule != "required"
    }
    questions: dict[str, list[dict[str, str]]] = {}
    for finding in evaluation.findings:
        text = _(finding.message) % finding.params if finding.params else _(finding.message)
        questions.setdefault(finding.item, []).append(
            {"field": comment_field(finding.item, finding.check), "text": text}
        )
    return {
        "shown": evaluation.shown,
        "kept": evaluation.not_shown,
        "required": evaluation.required,
        "calculated": {
            code: shown_text(form, form.by_code[code], value, language)
            for code, value in evaluation.calculated.items()
        },
        "errors": {**errors, **typed.unreadable},
        "questions": questions,
    }
