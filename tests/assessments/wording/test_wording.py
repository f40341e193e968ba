"""A site shows a protected scale in the wording that it is licensed to use."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assessments.domain.instrument import load
from assessments.models.wording import Wording
from assessments.wording.reading import NotAWordingError, read
from assessments.wording.selectors import instruments_at
from assessments.wording.services import load_wording
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
CADSS = load("CADSS")
LINES = [f"{item.number},Invented question {item.number},not at all,,,,wholly" for item in CADSS.items]
HEADER = "item,wording,0,1,2,3,4"
TEXT = "\n".join([HEADER, *LINES])
PAGE = "/studies/KETNAL/sites/01/wording/CADSS/"


@pytest.fixture
def baseline(randomised: Participant, coordinator: User) -> Visit:
    """The visit at which the CADSS is rated."""
    period = randomised.periods.get(number=1)
    services.plan_period(period, today_at(randomised.site), by=coordinator, version=period.version)
    return Visit.objects.get(period=period, code="BASELINE")


def test_without_a_wording_the_page_says_where_it_is_and_has_no_empty_panel(
    baseline: Visit, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    client = as_user(coordinator)
    page = client.get(f"/visits/{baseline.pk}/ratings/CADSS/").content.decode()
    assert "The wording of the CADSS is copyrighted: rate each item by number" in page
    assert "data-guide" not in page
    assert PAGE in page
    assert "data-guide" in client.get(f"/visits/{baseline.pk}/ratings/HAMD17/").content.decode()


def test_a_loaded_wording_is_shown_at_its_site_alone_and_is_audited(
    baseline: Visit, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    client = as_user(coordinator)
    file = SimpleUploadedFile("cadss.csv", TEXT.encode())
    assert client.post(PAGE, {"file": file, "reason": ""}).status_code == 302
    page = client.get(f"/visits/{baseline.pk}/ratings/CADSS/").content.decode()
    assert "Invented question 7" in page
    assert "wholly" in page
    assert "data-guide" in page
    [entry] = Event.objects.filter(table_name="assessments_wording")
    assert (entry.op, entry.actor) == ("I", coordinator.pk)
    Wording.objects.get().full_clean()
    baseline.participant.site_id += 1
    assert instruments_at(baseline, ["CADSS"])[0].protected


def test_a_change_needs_a_reason_and_a_stranger_may_not(
    site: Site, coordinator: User, make_user: MakeUser
) -> None:
    saved = load_wording(site, CADSS, TEXT, by=coordinator)
    other = TEXT.replace("wholly", "entirely")
    with pytest.raises(ValidationError) as refused:
        load_wording(site, CADSS, other, by=coordinator)
    assert set(refused.value.message_dict) == {"reason"}
    load_wording(site, CADSS, other, by=coordinator, reason="typing error")
    saved.refresh_from_db()
    assert (saved.version, saved.items["CADSS01"]["anchors"][4]) == (2, "entirely")
    with pytest.raises(PermissionDenied):
        load_wording(site, CADSS, TEXT, by=make_user("monitor"), reason="x")
    with pytest.raises(ValidationError):
        load_wording(site, load("HAMD17"), TEXT, by=coordinator)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The first line has to be: item,wording,0,1,2,3,4"),
        ("\n".join([HEADER, *LINES, "24,More,,,,,"]), "Line 25: there is no item “24”."),
        ("\n".join([HEADER, *LINES, LINES[0]]), "Line 25: item 1 appears twice."),
        ("\n".join([HEADER, *LINES[2:]]), "Items are missing: 1, 2."),
        ("\n".join([HEADER, "1"]), "Line 2: item 1 has no wording."),
        (
            "\n".join([HEADER, "1,Q,,,,,,six"]),
            "Line 2: item 1 has a maximum of 4; a higher value has a text.",
        ),
        ("\n".join([HEADER, "1," + "x" * 501]), "Line 2: a text is longer than 500 characters."),
        ("\n".join([HEADER, "1," + "x" * 140_000]), "Line 2 cannot be read as CSV."),
        ("\n".join([HEADER, '1,"open']), "Line 2 cannot be read as CSV."),
        ("\n".join([HEADER, "1,a\x00b"]), "Line 2: a text contains control characters."),
    ],
)
def test_a_file_that_is_no_wording_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(NotAWordingError) as refused:
        read(text, CADSS)
    assert str(refused.value) == said


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 200_001])
def test_another_kind_of_file_is_refused_at_the_field(
    content: bytes, site: Site, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    answer = as_user(coordinator).post(PAGE, {"file": SimpleUploadedFile("a.csv", content), "reason": ""})
    assert answer.status_code == 422
    assert not Wording.objects.exists()
