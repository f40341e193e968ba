"""What a recipe shows works as it stands there."""

import re
import textwrap
import tomllib
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg2
import pytest
from django.db import connection
from django.template.loader import render_to_string

from analysis.charts.shapes import Chart
from assessments.domain.evaluate import evaluate
from assessments.domain.form_file import read_form
from assessments.domain.instrument import parse, score
from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Value
from trialsite.stack import testing

RECIPES = Path(__file__).parents[1] / "docs" / "recipes"


def test_the_instrument_of_the_recipe_is_one() -> None:
    """Read, protected for want of wording, and scored."""
    example = re.search(
        r"```toml\n(.*?)```", (RECIPES / "instrument.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert example
    instrument = parse(tomllib.loads(example.group(1)))
    assert (instrument.code, instrument.protected) == ("MADRS", True)
    assert score(instrument, {"MADRS01": 6, "MADRS02": 1}).total == 7


def test_the_form_of_the_recipe_is_one() -> None:
    """Read without a mistake; its condition opens, and its check speaks."""
    example = re.search(r"```toml\n(.*?)```", (RECIPES / "form.md").read_text(encoding="utf-8"), re.DOTALL)
    assert example
    form = read_form(example.group(1))
    values: dict[str, Value] = {"CRAVING": 0, "USED": True, "LAST_USE": PartialDate(2026, 4)}
    assert [problem.check for problem in evaluate(form, values, today=date(2026, 3, 9)).problems] == [
        "NOT_AHEAD"
    ]
    assert "LAST_USE" not in evaluate(form, {"USED": False}, today=date(2026, 3, 9)).shown


@pytest.mark.django_db
def test_the_trigger_of_the_recipe_refuses() -> None:
    """As it stands on the page: a day to come is refused, today is not."""
    example = re.search(r"```sql\n(.*?)```", (RECIPES / "trigger.md").read_text(encoding="utf-8"), re.DOTALL)
    assert example
    name = str(connection.settings_dict["NAME"])
    with closing(psycopg2.connect(testing.url("setup", name))) as session, session.cursor() as cursor:
        cursor.execute("create table example_sample (taken_on date)")
        cursor.execute(example.group(1))
        cursor.execute("insert into example_sample values (current_date)")
        with pytest.raises(psycopg2.errors.CheckViolation, match="a day to come"):
            cursor.execute("insert into example_sample values (current_date + 1)")


def test_a_recipe_names_files_that_are_there() -> None:
    """After a move the recipe follows."""
    root = RECIPES.parents[1]
    for recipe in RECIPES.glob("*.md"):
        for name in re.findall(
            r"`((?:\w+/)+[\w.]+\.(?:py|md|toml|sql))`", recipe.read_text(encoding="utf-8")
        ):
            assert (root / name).exists(), f"{recipe.name}: {name}"


def test_the_chart_of_the_recipe_is_drawn() -> None:
    """A bar as high as its figure, with its words; the same as a table."""
    block = re.search(r"```python\n(.*?)```", (RECIPES / "chart.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block
    scope: dict[str, Callable[[Sequence[tuple[str, int]]], Chart]] = {}
    exec(textwrap.dedent(block.group(1)), scope)  # noqa: S102 - our own page
    chart = scope["discontinuations"]([("lost to follow-up", 2), ("withdrew consent", 4)])
    lower, higher = (float(box.height) for box in chart.boxes)
    assert higher == pytest.approx(2 * lower, abs=0.2)
    assert chart.rows == (("lost to follow-up", "2"), ("withdrew consent", "4"))
    assert "withdrew consent: 4" in render_to_string("analysis/charts/_chart.html", {"chart": chart})
