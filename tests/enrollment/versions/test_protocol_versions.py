"""The versions of a protocol beside each other: what an amendment changes, in words, and for whom."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from assessments.entry.loading import load_trial
from enrollment.models import Participant, ProtocolVersion
from tests.conftest import MakeUser
from tests.domain.enrollment.protocol.documents import FOLDER
from trialsite.accounts.models import Site, Study, User

SHIPPED = (FOLDER / "ketamine_naltrexone.toml").read_text(encoding="utf-8")
PAGE = reverse("protocol_versions", args=["KETNAL"])
AsUser = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def amended(study: Study) -> str:
    """The shipped file as its next version: a longer washout, and other blocks."""
    version = study.protocols.latest().version
    text = SHIPPED.replace(f'version = "{version}"', 'version = "9.0"')
    text = text.replace("max_days = 63", "max_days = 70").replace(
        "block_sizes = [2, 4]", "block_sizes = [4, 6]"
    )
    assert text.count("max_days = 70") == text.count("block_sizes = [4, 6]") == 1
    return text


@pytest.fixture
def amendment(study: Study) -> ProtocolVersion:
    return load_trial(amended(study), by=User.objects.system())[0]


def test_what_changed_is_said_in_words_and_for_whom(
    screened: Participant, amendment: ProtocolVersion, site: Site, make_user: MakeUser, as_user: AsUser
) -> None:
    page = as_user(make_user("coordinator", site)).get(PAGE).content.decode()
    row = page[page.index("longest, in days") :]
    assert [row.index(text) > 0 for text in (">63<", ">70<")] == [True, True]
    assert "1 participant under way" in page
    assert page.index("Version 9.0") < page.index(f"Version {screened.protocol.version}")


def test_the_sizes_of_the_blocks_are_kept_from_the_blinded(
    amendment: ProtocolVersion, make_user: MakeUser, as_user: AsUser
) -> None:
    """Who knows them can tell the last treatments of a block."""
    assert "block sizes" not in as_user(make_user("monitor")).get(PAGE).content.decode()
    assert "4, 6" in as_user(make_user("pharmacist")).get(PAGE).content.decode()


def test_who_sees_no_participants_is_told_no_number(
    screened: Participant, amendment: ProtocolVersion, make_user: MakeUser, as_user: AsUser
) -> None:
    assert "under way" not in as_user(make_user("admin")).get(PAGE).content.decode()


def test_participants_of_other_sites_are_not_counted(
    screened: Participant, amendment: ProtocolVersion, other_site: Site, make_user: MakeUser, as_user: AsUser
) -> None:
    assert (
        "0 participants under way" in as_user(make_user("coordinator", other_site)).get(PAGE).content.decode()
    )


def test_a_dry_run_tells_what_would_change_and_loads_nothing(
    study: Study, screened: Participant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "amended.toml"
    file.write_text(amended(study), encoding="utf-8")
    before = study.protocols.count()
    call_command("load_protocol", str(file), "--dry-run")
    told = capsys.readouterr().out
    assert "KETNAL 9.0 would be loaded" in told
    assert "  Washout, longest, in days: 63 → 70\n" in told
    assert f"  1 under way stay under version {screened.protocol.version}.\n" in told
    assert study.protocols.count() == before
    call_command("load_protocol", str(file))
    assert study.protocols.latest().version == "9.0"
