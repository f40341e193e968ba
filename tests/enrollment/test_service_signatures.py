"""Over the syntax tree: every public service says who acts, and every change of what is saved says why."""

import ast
from collections.abc import Iterator

import pytest

from tests.rooms import service_files

# Public functions that nobody calls by name: they act for the software itself.
WITHOUT_BY = {
    "analysis.recompute": "derived data: workers compute them again from what people saved",
    "analysis.summarise": "derived data",
    "analysis.summarise_again": "derived data",
    "analysis.owe_outdated_figures": "derived data",
    "analysis.figures_of": "reads",
    "analysis.generate_lists": "the unblinded worker does what a pharmacist asked for",
    "analysis.add_slots": "part of generate_lists and of the synthetic trials",
    "analysis.kits_taken": "reads",
    "analysis.supply": "the unblinded worker does what a change of the stock asks for",
    "analysis.pack": "part of supply",
    "analysis.plan": "part of supply",
    "enrollment.assign_kits": "part of randomising",
    "analysis.report_partitions": "reads",
    "assessments.questions_of": "reads",
    "analysis.report": "derived data of the closed schema",
    "analysis.print_reports": "the unblinded worker prints a look that was frozen",
    "analysis.freeze": "the unblinded worker takes the look that a statistician asked for",
    "analysis.earlier_looks": "reads",
    "analysis.ended_look": "reads",
    "assessments.raise_alerts": "part of saving a rating and of an import",
    "assessments.raise_record_alerts": "part of saving a record",
    "assessments.escalate": "the worker marks what waits too long",
    "assessments.send_alert_mail": "the worker sends what is owed",
    "assessments.send_escalation_mail": "the worker sends what is owed",
    "enrollment.mark_performed": "part of saving a rating and of an import",
    "enrollment.take_back_performed": "part of saving a rating",
    "enrollment.record_fact": "part of saving a rating or a form",
    "enrollment.enrol_treated": "part of an import",
    "enrollment.make_schedule": "part of randomising and of an import",
    "assessments.process": "the worker's: acts as whoever confirmed",
    "assessments.problems_of": "reads",
    "trialsite/review.raise_findings": "edit checks ask, as part of what an import writes",
    "enrollment.feed_of": "reads: the token is the key",
    "trialsite/accounts.invited": "reads: the parts of a link, and whose it is",
    "trialsite/accounts.invitation_of": "reads: the parts of a link, and whose it is",
    "trialsite/accounts.takes_two": "reads",
    "trialsite/accounts.accept_invitation": "the one-time link says who it is",
}
# Services that only add: the first saving of a value needs no reason, and the trail shows that it is the first.
ADDS = {
    "enrollment.screen",
    "enrollment.add_consent_version",
    "enrollment.confirm_eligibility",
    "enrollment.randomise",
    "enrollment.request_allocation_list",
    "enrollment.request_supply",
    "enrollment.load_protocol",
    "assessments.file_everywhere",
    "enrollment.make_feed",
    "enrollment.accept_days",
    "enrollment.keep_screening_draft",
    "enrollment.discard_screening_draft",
    "assessments.complete",
    "assessments.keep_draft",
    "assessments.discard_draft",
    "assessments.save_record",
    "assessments.keep_record_draft",
    "assessments.discard_record_draft",
    "assessments.upload",
    "analysis.request_look",
    "trialsite/review.raise_queries",
    "trialsite/review.verify",
    "trialsite/review.sign",
    "trialsite/review.sign_series",
    "trialsite/audit.record_review",
    "trialsite/audit.record_taking",
    "trialsite/accounts.grant_role",
    "trialsite/accounts.invite",
    "trialsite/accounts.change_password",
    "trialsite/accounts.record_list",
    "trialsite/accounts.end_sessions",
    "trialsite/accounts.acknowledge_resets",
    "trialsite/accounts.check_answerable",
}
# The state of a piece of work and no trial data: which of these it was is the whole reason.
STEPS = {"assessments.check_again", "assessments.cancel"}
# What is said to the other side, or where a number comes from, is the reason itself; ending an unlock closes
# what its own reason opened.
SAYS = {
    "assessments.save_step": "fields",
    "enrollment.close_wrong_kit": "action",
    "trialsite/review.answer": "text",
    "trialsite/review.ask_again": "text",
    "trialsite/review.close": "text",
    "trialsite/review.end_unlock": "request",
    "analysis.record_events": "source",
    "trialsite/review.settle_findings": "findings",
    "assessments.acknowledge": "action",
    "trialsite/review.settle_findings_at": "findings",
    "assessments.check_ratings": "comment",
    "enrollment.settle_schedule": "earliest",
    "enrollment.check_washouts": "participants",
    "enrollment.course_changed": "participants",
    "assessments.settle_deviations": "participants",
    "assessments.review_deviation": "text",
    "assessments.close_deviation": "text",
    "assessments.reopen_deviation": "text",
}


def services() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every public function at the top of a services module, by its app and name."""
    for app, path in service_files():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{app}.{node.name}", node


ALL = dict(services())


def arguments(node: ast.FunctionDef) -> tuple[set[str], set[str]]:
    """Names that may be given by position, and those only by name."""
    positional = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args)}
    return positional, {argument.arg for argument in node.args.kwonlyargs}


def test_there_are_services_to_look_at() -> None:
    assert len(ALL) > 30


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_service_takes_who_acts_by_name_alone(name: str) -> None:
    """`by`, keyword-only and without a default: nobody acts by accident. Exceptions have their reason above."""
    positional, by_name = arguments(ALL[name])
    assert "by" not in positional
    assert ("by" in by_name) is (name not in WITHOUT_BY)
    if "by" in by_name:
        node = ALL[name]
        position = [argument.arg for argument in node.args.kwonlyargs].index("by")
        assert node.args.kw_defaults[position] is None


@pytest.mark.parametrize("name", sorted(ALL.keys() - WITHOUT_BY.keys() - ADDS - STEPS - SAYS.keys()))
def test_a_service_that_changes_what_is_saved_takes_the_reason_by_name(name: str) -> None:
    positional, by_name = arguments(ALL[name])
    assert "reason" in by_name
    assert "reason" not in positional


def test_the_exceptions_are_all_there() -> None:
    """None is left of a service that has gone; what is said has its argument."""
    assert (WITHOUT_BY.keys() | ADDS | STEPS | SAYS.keys()) - ALL.keys() == set()
    for name, argument in SAYS.items():
        assert argument in arguments(ALL[name])[1] | arguments(ALL[name])[0]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_service_says_in_a_docstring_what_it_does_or_is_short(name: str) -> None:
    """No long service without a sentence about it."""
    node = ALL[name]
    length = (node.end_lineno or 0) - node.lineno
    assert ast.get_docstring(node) or length <= 15
