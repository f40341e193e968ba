"""Missing items by the protocol: a prorated total stands beside the rating, flagged, and takes no total's place."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from analysis.models import Outcome
from analysis.outcomes.explain import explained
from analysis.outcomes.services import recompute
from assessments.casebook.content import casebook_of
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import complete
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.assessments.loaded import baseline_of, load_forms
from tests.assessments.test_second_rating import exported
from tests.conftest import items
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def rated_without(
    missing: list[str], study: Study, site: Site, coordinator: User, investigator: User, folder: Path
) -> Visit:
    """The baseline rated as 24 points without these items, under a protocol that prorates up to two missing ones."""
    folder = folder / "forms"
    folder.mkdir()
    hamd = {
        "code": "HAMD17",
        "item_maxima": {"HAMD109": 4},
        "prorate": True,
        "most_missing": 2,
        "prorated_decimals": 1,
    }
    protocol = load_forms(
        study, folder, visit="BASELINE", instruments=[hamd, {"code": "CADSS", "item_maxima": {}}]
    )
    visit = baseline_of(protocol, site, coordinator, investigator)
    values = {code: None if code in missing else value for code, value in items(24).items()}
    entry = AssessmentEntry(
        items=values,
        missing=dict.fromkeys(missing, "not_assessed"),
        rater="R",
        performed_on=today_at(site) - timedelta(days=10),
    )
    complete(visit, "HAMD17", entry, by=coordinator, form_token=uuid.uuid4())
    return visit


@pytest.mark.requirement("FRM-04")
def test_it_stands_flagged_beside_the_missing_total(
    study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path, as_user: SignIn
) -> None:
    """On the visit's page, in the casebook, in the outcome's reasons and in the export; the total itself stays empty, and
    the outcome has no baseline."""
    visit = rated_without(["HAMD103"], study, site, coordinator, investigator, tmp_path)
    rating = Assessment.objects.get(visit=visit)
    sum_of_16 = sum(rating.items.values())
    expected = f"{round(sum_of_16 * 52 / 48 + 1e-9, 1)}"
    said = f"prorated {expected} from 16 of 17 items; counts for no outcome"
    assert rating.total is None
    assert said in as_user(coordinator).get(reverse("visit", args=[visit.pk])).content.decode()
    [reading] = [
        r for part in casebook_of(visit.participant).visits for r in part.ratings if r.assessment == rating
    ]
    assert reading.prorated == said
    recompute([visit.participant.pk])
    assert Outcome.objects.get(participant=visit.participant, period=1).baseline is None
    assert said in explained(visit.participant, links=True).blocks[0].inputs[0].value
    [row] = [row for row in exported(study, "assessments") if row["visit"] == "BASELINE"]
    assert (row["total"], row["counted_total"], str(row["prorated_total"])) == (None, None, expected)


@pytest.mark.requirement("FRM-04")
def test_with_more_items_missing_there_is_none(
    study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path, as_user: SignIn
) -> None:
    visit = rated_without(["HAMD103", "HAMD104", "HAMD105"], study, site, coordinator, investigator, tmp_path)
    assert "prorated" not in as_user(coordinator).get(reverse("visit", args=[visit.pk])).content.decode()
    [row] = [row for row in exported(study, "assessments") if row["visit"] == "BASELINE"]
    assert row["prorated_total"] is None


@pytest.mark.requirement("FRM-04")
def test_no_prorated_total_is_ever_kept_as_the_total(
    study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path
) -> None:
    """The database refuses a total that is not the sum of its items."""
    visit = rated_without(["HAMD103"], study, site, coordinator, investigator, tmp_path)
    refused = "update assessments_assessment set status = 'complete', total = 26 where visit_id = %s"
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="total_is_sum"):
        cursor.execute(refused, [visit.pk])
