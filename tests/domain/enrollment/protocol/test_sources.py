"""Every number of a protocol file says where it comes from."""

from typing import Any

import pytest

from tests.domain.enrollment.protocol.documents import SHIPPED, document, ketnal, problems_of


@pytest.mark.parametrize("name", SHIPPED)
def test_no_source_of_a_shipped_file_can_be_left_out_together_with_its_ancestors(name: str) -> None:
    """With an empty [sources] every number is asked for; the shipped file answers all of them."""
    assert problems_of(document(name)) == {}
    content = document(name)
    content["sources"] = {}
    missing = problems_of(content)
    assert 'sources."planned_enrolment"' in missing
    assert 'sources."endpoints.remission_max"' in missing
    assert all(problem.found == "nothing" for problem in missing.values())


@pytest.mark.requirement("PRO-01")
def test_a_number_without_a_source_is_named() -> None:
    """The message gives the key to write and the kinds of source there are."""
    content = ketnal()
    del content["sources"]["washout.target_days"]
    problems = problems_of(content)
    assert list(problems) == ['sources."washout.target_days"']
    assert "'article', 'paper', 'registry'" in problems['sources."washout.target_days"'].expected


def test_a_number_in_a_sentence_needs_a_source_too() -> None:
    """Doses and weeks stand in descriptions and criteria."""
    content = ketnal()
    content["criteria"][0]["text"] = "Written consent, at least 24 hours before"
    assert list(problems_of(content)) == ['sources."criteria.I01.text"']


def test_a_source_of_one_element_covers_that_element_only() -> None:
    """The source of the HAM-D criterion says nothing of the age criterion."""
    content = ketnal()
    del content["sources"]["criteria.I02"]
    assert set(problems_of(content)) == {
        'sources."criteria.I02.minimum"',
        'sources."criteria.I02.maximum"',
        'sources."criteria.I02.text"',
    }


def test_a_source_of_the_whole_covers_its_parts() -> None:
    """An ancestor's source counts where there is no closer one."""
    content = ketnal()
    remaining = {
        key: text for key, text in content["sources"].items() if not key.startswith(("criteria", "washout"))
    }
    content["sources"] = {**remaining, "criteria": "registry", "washout": "our choice"}
    assert problems_of(content) == {}


def test_keys_may_be_written_without_quotation_marks() -> None:
    """`washout.min_days = "…"` without quotes makes nested tables in TOML; they mean the same."""
    content = ketnal()
    sources = {key: text for key, text in content["sources"].items() if not key.startswith("washout")}
    days = dict.fromkeys(("min_days", "target_days", "max_days"), "our choice")
    content["sources"] = {**sources, "washout": days}
    assert problems_of(content) == {}


def test_a_source_of_nothing_is_a_slip_of_the_pen() -> None:
    """A key that names nothing in the file is answered with the nearest that does."""
    content = ketnal()
    content["sources"]["washout.min_day"] = "our choice"
    problems = problems_of(content)
    assert problems["sources.washout.min_day"].expected == "did you mean 'washout.min_days'?"


@pytest.mark.parametrize(
    "text", ["articles", "The article", "", "our choice - so", 7, True, [], ["article", 3], {}]
)
def test_a_source_is_of_a_known_kind(text: Any) -> None:
    """Article, paper, registry, reply, our choice or published series, with a note after a colon."""
    content = ketnal()
    content["sources"]["washout.anchor"] = text
    assert list(problems_of(content)) == ["sources.washout.anchor"]


@pytest.mark.parametrize("sources", [None, "article", []])
def test_a_file_without_sources_is_refused(sources: Any) -> None:
    """The table itself is needed."""
    content = ketnal()
    content["sources"] = sources
    assert list(problems_of(content)) == ["sources"]
