"""What a protocol says of deviations is checked against its forms when it is loaded, and holds for whoever is under it."""

import tomllib
from typing import Any

import pytest

from analysis.blinded import quality
from assessments.domain.form_file import FormError
from assessments.entry.loading import load_trial
from assessments.models import Deviation
from tests.assessments.loaded import file_text
from trialsite.accounts.models import Study, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DEV-02")]


def changed(study: Study, **rules: Any) -> str:
    """The demo's protocol with other rules of deviations."""
    protocol = tomllib.loads(study.protocols.latest().source)
    protocol["version"] = "9.7"
    first = protocol["deviations"]["tolerances"][0]
    first["item"] = rules.pop("item", first["item"])
    protocol["deviations"] |= rules
    return file_text(protocol)


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ({"item": "INFUSION.CAPSULE_TO_STOP"}, "deviations.tolerances.CAPSULE_TO_START.item"),
        ({"item": "INFUSION.CAPSULE_TIME"}, "deviations.tolerances.CAPSULE_TO_START.item"),
        ({"item": "VITALS.PULSE"}, "deviations.tolerances.CAPSULE_TO_START.item"),
        ({"kit": "INFUSION.DRAWN"}, "deviations.kit"),
    ],
)
def test_an_item_that_cannot_be_compared_is_named_by_its_key(
    study: Study, rules: dict[str, Any], key: str
) -> None:
    """Not of the form, no number, of a form with several rows, no text."""
    with pytest.raises(FormError) as refused:
        load_trial(changed(study, **rules), by=User.objects.system())
    assert [problem.key for problem in refused.value.problems] == [key]


def test_the_class_is_that_of_the_protocol(study: Study, late: Deviation) -> None:
    """The shipped one says minor of a window, and the dashboard counts by it."""
    assert late.classification == "minor"
    assert quality.deviations(study) == (("01", "minor", "open", 1),)
    loaded, new = load_trial(changed(study, visit_window="important"), by=User.objects.system())
    assert new
    assert loaded.definition.deviations
    assert loaded.definition.deviations.visit_window == "important"
