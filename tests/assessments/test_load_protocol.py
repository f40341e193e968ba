"""`manage.py load_protocol`: a version loaded once keeps its content, and none is loaded that pages cannot show."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assessments.management.commands.load_protocol import VERSION_TAKEN
from enrollment.models import ProtocolVersion
from tests.domain.enrollment.protocol.documents import FOLDER
from trialsite.stack import prepare

SHIPPED = (FOLDER / "ketamine_naltrexone.toml").read_text(encoding="utf-8")
Load = Callable[[str], CommandError]


@pytest.fixture
def refused(tmp_path: Path) -> Load:
    """Load a text that must be refused; the refusal."""

    def load(source: str) -> CommandError:
        file = tmp_path / "trial.toml"
        file.write_text(source, encoding="utf-8")
        before = ProtocolVersion.objects.count()
        with pytest.raises(CommandError) as error:
            call_command("load_protocol", str(file))
        assert ProtocolVersion.objects.count() == before
        return error.value

    return load


@pytest.mark.django_db
def test_a_version_with_another_content_is_told_from_a_mistake_in_a_file(refused: Load) -> None:
    """By its exit code, from which the demo's start knows a database of an older version."""
    taken = refused(SHIPPED.replace("below = 0.1", "below = 0.2"))
    assert "needs a new version" in str(taken)
    assert taken.returncode == VERSION_TAKEN == prepare.VERSION_TAKEN
    mistaken = refused(SHIPPED.replace("below = 0.1", "below = 2"))
    assert "Nothing was loaded" in str(mistaken)
    assert mistaken.returncode == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "CADSS",
            "CADDS",
            "instruments.CADDS.code: found 'CADDS', expected an instrument of this installation: one of CADSS,"
            " HAMD17; did you mean 'CADSS'?",
        ),
        (
            "HAMD109 = 4",
            "HAMD119 = 4",
            "instruments.HAMD17.item_maxima.HAMD119: found an unknown item, expected",
        ),
        (
            "HAMD109 = 4",
            "HAMD104 = 3",
            "instruments.HAMD17.item_maxima.HAMD104: found 3, expected a whole number, 1 to 2",
        ),
        (
            "prorate = false",
            "prorate = true",
            "instruments.HAMD17.most_missing: found 0, expected at least 1",
        ),
        (
            "prorate = false",
            "most_missing = 2",
            "instruments.HAMD17.most_missing: found 2, expected 'prorate = true'",
        ),
        (
            "prorate = false",
            'second_rating = ["DAY99"]',
            "instruments.HAMD17.second_rating[1]: found 'DAY99', expected the code of a visit that rates",
        ),
    ],
)
def test_what_no_page_could_show_is_not_loaded(refused: Load, old: str, new: str, said: str) -> None:
    """Each with its key, what was found and what was expected; a version is loaded for ever."""
    source = SHIPPED.replace('version = "1.0"', 'version = "2.0"')
    assert said in str(refused(source.replace(old, new)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = " + "[" * 100_000, "more than 20 deep"),
        (".".join("a" * 50_000) + " = 1", "a key of more than 20 parts (at line 1)"),
        ("planned_enrolment = " + "1" * 5000, "not TOML"),
        ("\0", "not TOML"),
        ("x" * 200_000, "a file of 200,000 characters; at most 131,072 are read"),
    ],
)
def test_a_text_that_is_no_protocol_is_one_clear_error(refused: Load, source: str, said: str) -> None:
    """Nested or dotted however deep: neither a traceback nor a minute of work."""
    error = str(refused(source))
    assert said in error
    assert error.endswith("Nothing was loaded.")
    assert len(error) < 500
