"""Over the syntax tree: every public service says who acts, and every change of what is saved says why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("enrollment", "assessments", "analysis", "trialsite/accounts", "trialsite/audit", "trialsite/review")

# Public functions that nobody calls by name: they act for the software itself.
WITHOUT_BY = {
    "analysis.recompute": "derived data: workers compute them again from what people saved",
    "analysis.summarise": "derived data",
    "analysis.summarise_again": "derived data",
    "analysis.figures_of": "reads",
    "analysis.generate_lists": "the unblinded worker pays a debt that a pharmacist made",
    "analysis.add_slots": "part of generate_lists and of the synthetic trials",
    "analysis.report_lanes": "reads",
    "assessments.questions_of": "reads",
    "analysis.report": "derived data of the closed schema",
    "analysis.print_reports": "the unblinded worker prints a look that was frozen",
    "analysis.freeze": "the unblinded worker takes the look that a statistician asked for",
    "analysis.earlier_looks": "reads",
    "analysis.ended_look": "reads",
    "assessments.findings_of": "reads",
    "assessments.problems_of": "reads",
    "enrollment.feed_of": "reads: the token is the key",
    "trialsite/accounts.invited": "reads: the parts of a link, and whose it is",
    "trialsite/accounts.invitation_of": "reads: the parts of a link, and whose it is",
    "trialsite/accounts.takes_two": "reads",
    "trialsite/accounts.accept_invitation": "the one-time link says who it is",
}
# Services that only add: the first saving of a value needs no reason, and the trail shows that it is the first.
ADDS = {
    "enrollment.screen", "enrollment.add_treatment", "enrollment.confirm_eligibility", "enrollment.randomise",
    "enrollment.request_allocation_list", "enrollment.load_protocol", "enrollment.make_feed",
    "enrollment.keep_screening_draft", "enrollment.discard_screening_draft",
    "assessments.complete", "assessments.keep_draft", "assessments.discard_draft",
    "analysis.request_look",
    "trialsite/review.raise_queries", "trialsite/review.verify", "trialsite/review.sign", "trialsite/review.sign_series",
    "trialsite/audit.record_review", "trialsite/audit.record_taking",
    "trialsite/accounts.grant_role", "trialsite/accounts.invite", "trialsite/accounts.change_password",
    "trialsite/accounts.record_list",
    "trialsite/accounts.end_sessions", "trialsite/accounts.acknowledge_resets", "trialsite/accounts.check_answerable",
}  # fmt: skip
# What is said to the other side, or where a number comes from, is the reason itself; ending an unlock closes
# what its own reason opened.
SAYS = {
    "trialsite/review.answer": "text", "trialsite/review.ask_again": "text", "trialsite/review.close": "text",
    "trialsite/review.end_unlock": "request", "analysis.record_events": "source",
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sorted([*(ROOT / room).glob("services.py"), *(ROOT / room).glob("services/*.py")]):
            yield room, path


def services() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every public function at the top of a services module, by its room and name."""
    for room, path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{room}.{node.name}", node


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


@pytest.mark.parametrize("name", sorted(ALL.keys() - WITHOUT_BY.keys() - ADDS - SAYS.keys()))
def test_a_service_that_changes_what_is_saved_takes_the_reason_by_name(name: str) -> None:
    positional, by_name = arguments(ALL[name])
    assert "reason" in by_name
    assert "reason" not in positional


def test_the_exceptions_are_all_there() -> None:
    """None is left of a service that has gone; what is said has its argument."""
    assert (WITHOUT_BY.keys() | ADDS | SAYS.keys()) - ALL.keys() == set()
    for name, argument in SAYS.items():
        assert argument in arguments(ALL[name])[1] | arguments(ALL[name])[0]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_service_says_in_a_docstring_what_it_does_or_is_short(name: str) -> None:
    """No long service without a sentence about it."""
    node = ALL[name]
    length = (node.end_lineno or 0) - node.lineno
    assert ast.get_docstring(node) or length <= 15
