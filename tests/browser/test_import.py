"""Importing in the browser: from the file to the saved rating, by one page that brings itself up to date."""

import os
from pathlib import Path

import psycopg2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from trialsite.stack import testing

pytestmark = pytest.mark.browser
RATING = """
select s.code, p.code, n.number, v.code, a.performed_on::text, a.items, a.total
from assessments_assessment a join enrollment_participant p on p.id = a.participant_id
join accounts_site s on s.id = p.site_id join accounts_study t on t.id = p.study_id and t.code = 'KETNAL'
join enrollment_visit v on v.id = a.visit_id join enrollment_period n on n.id = v.period_id
where s.code = '02' and a.status = 'complete' and a.instrument = 'HAMD17' and (a.items ->> 'HAMD101')::int < 4
order by a.id desc limit 1
"""


def _change(folder: Path) -> tuple[Path, int]:
    """A file that raises one item of a saved rating of the demo by one; the total it then has."""
    with (
        psycopg2.connect(testing.url("setup", f"browser_{os.getpid()}")) as opened,
        opened.cursor() as cursor,
    ):
        cursor.execute(RATING)
        site, participant, period, visit, on, items, total = cursor.fetchone()
    opened.close()
    items["HAMD101"] += 1
    header = ["site", "participant", "period", "visit", "date", "instrument", *items]
    cells = [site, participant, period, visit, on, "HAMD17", *items.values()]
    file = folder / "ratings.csv"
    file.write_text("\n".join(",".join(map(str, line)) for line in (header, cells)))
    return file, total + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_change_is_previewed_and_imported(
    scheme: str, sign_in: SignIn, site_url: str, tmp_path: Path
) -> None:
    """Without a reload; the preview has no accessibility violation and fits a phone."""
    file, total = _change(tmp_path)
    page = sign_in("datamanager", color_scheme=scheme)
    page.goto(f"{site_url}/studies/KETNAL/imports/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name="Import all ratings").wait_for(timeout=60_000)
    assert f"total: {total - 1} → {total}" in page.inner_text("main")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Reason for the import").fill("source corrected")
    page.get_by_role("button", name="Import all ratings").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=30_000)
    assert "source corrected" in page.inner_text("main")


def test_problems_are_shown_and_the_import_is_cancelled(
    sign_in: SignIn, site_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(
        "site,participant,period,visit,date,instrument,total\n01,nobody,1,DAY1,2026-01-05,HAMD17,20\n"
    )
    page = sign_in("datamanager", viewport={"width": 390, "height": 844})
    page.goto(f"{site_url}/studies/KETNAL/imports/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="Problems")).to_be_visible(timeout=30_000)
    assert "screen and randomise them first" in page.inner_text("main")
    page.get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_role("heading", name="Cancelled, nothing imported")).to_be_visible()
