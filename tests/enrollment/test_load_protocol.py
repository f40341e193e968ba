"""`manage.py load_protocol`: a version loaded once keeps its content."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from enrollment.management.commands.load_protocol import VERSION_TAKEN
from tests.domain.enrollment.documents import FOLDER
from trialsite.stack import prepare


@pytest.mark.django_db
def test_a_version_with_another_content_is_told_from_a_mistake_in_a_file(tmp_path: Path) -> None:
    """By its exit code, from which the demo's start knows a database of an older version."""
    source = (FOLDER / "ketamine_naltrexone.toml").read_text(encoding="utf-8")
    file = tmp_path / "trial.toml"
    file.write_text(source.replace("below = 0.1", "below = 0.2"), encoding="utf-8")
    with pytest.raises(CommandError, match="needs a new version") as taken:
        call_command("load_protocol", str(file))
    assert taken.value.returncode == VERSION_TAKEN == prepare.VERSION_TAKEN
    file.write_text(source.replace("below = 0.1", "below = 2"), encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was loaded") as mistaken:
        call_command("load_protocol", str(file))
    assert mistaken.value.returncode == 1
