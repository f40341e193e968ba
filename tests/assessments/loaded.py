"""Forms of the tests' own, loaded with a version of the demo's protocol that has them."""

import json
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from assessments.domain.form_file import FOLDER
from assessments.entry.loading import load_trial
from assessments.entry.selectors import FormPlace, form_of
from assessments.models import FormVersion
from enrollment import services
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.selectors import today_at
from tests.conftest import decide, make_screened, randomised_earlier
from trialsite.accounts.models import Site, Study, User

LABS = {
    "code": "LABS", "title": "Laboratory", "version": "1", "placement": "once_at_visit", "missing_reasons": ["ND", "UNK"],
    "items": [{"code": "RESULT", "type": "decimal", "label": "Result", "usual_maximum": 50}],
}  # fmt: skip


def as_toml(value: Any) -> str:
    """A document as a file's text: tables inside the first are written in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value)


def file_text(document: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {as_toml(value)}\n" for key, value in document.items())


def load_forms(
    study: Study, folder: Path, *documents: Mapping[str, Any], visit: str, version: str = "9.5", **keys: Any
) -> ProtocolVersion:
    """The demo's protocol with the forms in `documents`: those of a visit at `visit`; and with more `keys`. `folder`: an
    empty one."""
    protocol = tomllib.loads(study.protocols.latest().source)
    protocol |= {"version": version, **keys}
    protocol["sources"] |= dict.fromkeys(keys, "our choice")
    for use in protocol["forms"]:
        name = f"{use['code'].lower()}.toml"
        (folder / name).write_text((FOLDER / name).read_text())
    for document in documents:
        (folder / f"{document['code'].lower()}.toml").write_text(file_text(document))
        protocol["forms"].append({"code": document["code"], "version": document["version"]})
        if document["placement"].endswith("at_visit"):
            at = next(row for row in protocol["visits"] if row["code"] == visit)
            at["forms"] = [*at.get("forms", []), document["code"]]
    return load_trial(file_text(protocol), by=User.objects.system(), folder=folder)[0]


def baseline_of(protocol: ProtocolVersion, site: Site, coordinator: User, investigator: User) -> Visit:
    """The baseline visit of an infusion ten days ago, of a participant under that protocol."""
    screened = make_screened(site, coordinator)
    decide(screened, by=investigator)
    screened.refresh_from_db()
    assert screened.protocol_id == protocol.pk
    randomised_earlier(screened, by=coordinator)
    first = screened.periods.get(number=1)
    given = today_at(site) - timedelta(days=10)
    services.record_dosing(first, given, by=coordinator, version=first.version)
    return Visit.objects.select_related("participant").get(period=first, code="BASELINE")


def keep_version(study: Study, document: Mapping[str, Any]) -> FormVersion:
    """A version of a form that no protocol names yet."""
    return FormVersion.objects.create(
        study=study,
        code=document["code"],
        version=document["version"],
        source=file_text(document),
        sha256="0" * 64,
        loaded_by=User.objects.system(),
    )


def place(participant: Participant, visit: Visit | None, definition: FormVersion) -> FormPlace:
    return FormPlace(participant, visit, definition, form_of(definition))
