"""Whole trials by file: the series of Reisby et al., and one that nobody has seen before."""

import tomllib
from pathlib import Path

import pytest

from analysis.charts.flow_text import enrolment_steps, period_steps
from analysis.dashboard.page import dashboard_page
from analysis.dashboard.services import summarise
from analysis.domain.flow import from_rows
from analysis.models import Outcome
from analysis.outcomes.services import recompute
from assessments.domain.instrument import catalogue
from assessments.models import Assessment
from enrollment.models import Participant
from enrollment.services import load_protocol
from tests.assessments.importing import PROTOCOL, run, saved_totals
from trialsite.accounts.models import Study, User

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "reisby_hamd.csv"


def outcomes(study: Study) -> dict[str, tuple[int, int, int]]:
    """Visit → (evaluable, responders, remitters), as the dashboard shows them."""
    recompute(list(Participant.objects.filter(study=study).values_list("pk", flat=True)))
    summarise([study.pk])
    rows = study.summary.figures["pooled"]
    return {row["visit"]: (row["n"], row["responders"], row["remitters"]) for row in rows}


def steps_of(study: Study) -> list[tuple[str, int, list[int]]]:
    """The boxes of the flow with anybody in them, and the counts of the reasons inside."""
    stops, rules = from_rows(study.summary.figures["flow"]), study.protocols.latest().definition
    steps = [*enrolment_steps(stops, rules), *period_steps(stops, rules)]
    return [(step.label, step.n, [n for _why, n in step.reasons]) for step in steps if step.n]


@pytest.mark.skipif(not SHARED.exists(), reason="the published series lies outside of this repository")
def test_the_series_of_reisby_gives_its_known_responders(tmp_path: Path) -> None:
    """Reisby et al. 1977: 375 ratings of 66; responders 0, 7, 13, 25, 30 and remitters 0, 0, 5, 12, 16 of the
    58, 60, 60, 58, 53 with a baseline and a rating. Five without a baseline are kept and not evaluable."""
    study = Study.objects.get(code="REISBY")
    done = run(SHARED, "REISBY", "--mapping", "reisby")
    assert done.error == ""
    assert "375 new" in done.out
    assert "66 participants to enrol" in done.out
    assert outcomes(study) == {
        "WEEK1": (58, 0, 0), "WEEK2": (60, 7, 0), "WEEK3": (60, 13, 5), "WEEK4": (58, 25, 12), "WEEK5": (53, 30, 16),
    }  # fmt: skip
    without = Outcome.objects.filter(study=study, baseline=None)
    assert without.count() == 5
    assert not without.exclude(response=None, remission=None, evaluable=False).exists()
    assert all(Assessment.objects.filter(participant=o.participant_id).exists() for o in without)
    assert study.summary.figures["periods"][0]["without_baseline"] == 5
    assert steps_of(study) == [
        ("Assessed for eligibility", 66, []),
        ("Enrolled", 66, []),
        ("Period 1: treatment given", 66, []),
        ("Not evaluable in every period", 13, [5, 8]),
        ("Completers: evaluable in every period", 53, []),
    ]
    content = dashboard_page(study, study.sites.all()).content
    assert content
    course = content.course
    assert [row.undefined for row in course] == ["not defined by this protocol: no visit follows Week 5"] * 2
    again = run(SHARED, "REISBY", "--mapping", "reisby")
    assert "0 new, 0 changed, 375 the same" in again.out


# Other visits, other columns, two centres, missing values in two spellings, quotes, and a column nobody needs.
RATINGS = """subject,centre,visitno,assessed,hamd_total,"comment, free"
1001,A,0,2024-01-08,24,"said ""better"", then left"
1001,A,1,2024-01-22,18,
1001,A,2,2024-02-05,12,
1001,A,3,2024-03-04,6,
1002,B,0,2024-01-09,30,
1002,B,1,2024-01-23,NA,
1002,B,2,2024-02-06,15,
1002,B,3,2024-03-05,16,"two
lines"
1003,A,1,2024-01-24,10,
1003,A,3,2024-03-06,7,
1004,B,0,2024-01-10,20,
1004,B,1,2024-01-24,20,
1004,B,2,,.,did not come
1004,B,3,,,
1005,A,0,2024-01-10,15,
1005,A,3,2024-03-06,7.0,
"""
MAPPING = """
create_participants = true
ignore = ["comment, free"]

[columns]
subject = "participant"
centre = "site"
assessed = "date"
hamd_total = "total"

[values]
period = "1"
visit = "V{visitno}"
instrument = "HAMD17"
"""


@pytest.fixture
def held_out(db: None) -> Study:
    """The invented trial, with visits named as the file names them."""
    source = PROTOCOL
    for old, new in (("BL", "V0"), ("WK2", "V1"), ("WK4", "V2"), ("WK8", "V3"), ("ASPEN", "BIRCH")):
        source = source.replace(f'"{old}"', f'"{new}"')
    version, _new = load_protocol(source, by=User.objects.system(), catalogue=catalogue())
    return version.study


def test_a_trial_of_another_shape_goes_from_its_files_to_its_outcomes(
    held_out: Study, tmp_path: Path
) -> None:
    """A protocol file, a mapping and the file as it came are all it takes; counted by hand from the table."""
    file, mapping = tmp_path / "birch.csv", tmp_path / "birch.toml"
    file.write_text(RATINGS)
    mapping.write_text(MAPPING)
    dry = run(file, "BIRCH", "--mapping", str(mapping), "--dry-run")
    assert "13 new, 0 changed, 0 the same, 3 without a value" in dry.out
    assert run(file, "BIRCH", "--mapping", str(mapping)).error == ""
    # 1003 has no baseline. At V3: 24→6 responds and remits, 30→16 does not, 15→7 responds and remits.
    assert outcomes(held_out) == {"V1": (2, 0, 0), "V2": (2, 2, 0), "V3": (3, 2, 2)}
    assert held_out.summary.figures["periods"][0]["without_baseline"] == 1
    assert saved_totals(held_out)["1002", "V3"] == (16, "2024-03-05")
    people = dict(Participant.objects.filter(study=held_out).values_list("code", "site__code"))
    assert people == {"1001": "A", "1002": "B", "1003": "A", "1004": "B", "1005": "A"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("hamd_total =", "hamd_totals ="), "the mapping names this column, but the file does not have it"),
        (('"total"', '"sum"'), "leads to a name that is none of ours"),
        (("[values]", "[value]"), "value: an unknown key"),
        (("period =", "period"), "--mapping"),
        (('ignore = ["comment, free"]', ""), "an unknown column"),
        (('"V{visitno}"', '"W{visitno}"'), "no such visit; the visits are V0, V1, V2, V3"),
    ],
)
def test_a_mapping_that_does_not_fit_says_where(
    change: tuple[str, str], said: str, held_out: Study, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "birch.csv", tmp_path / "birch.toml"
    file.write_text(RATINGS)
    assert change[0] in MAPPING
    mapping.write_text(MAPPING.replace(*change))
    done = run(file, "BIRCH", "--mapping", str(mapping))
    assert said in "\n".join([done.error, *done.problems])
    assert not Participant.objects.filter(study=held_out).exists()


def test_the_documentation_tells_each_step() -> None:
    """docs/import.md: the protocol file, the mapping with every key it may have, the dry run, the outcomes."""
    told = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    for word in ("load_protocol", "--mapping", "--dry-run", "--create-participants", "--reason", "export"):
        assert word in told
    shipped = tomllib.loads((ROOT / "assessments" / "mappings" / "reisby.toml").read_text(encoding="utf-8"))
    assert [key for key in shipped if key not in told] == []
    steps = told[told.index("step by step") :]
    assert "--mapping" in steps
