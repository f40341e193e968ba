"""What a form of 60 items costs to open: of every type, with conditions, beside a page that says hello.

It is loaded with a protocol version of its own for a participant of its own, so it is measured when all else is.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from django.test import Client

from assessments.domain.form_file import FOLDER
from assessments.entry.loading import load_trial
from enrollment.selectors import today_at
from enrollment.services import screen
from trialsite.accounts.models import Membership, Study, User

CODE, ITEMS = "SIXTY", 60
TYPES = (
    "yes_no",
    "integer",
    "decimal",
    "text",
    "choice",
    "choices",
    "date",
    "partial_date",
    "time",
    "vas",
    "long_text",
)
HEAD = f"""code = "{CODE}"
title = "Sixty items"
version = "1"
placement = "once"
missing_reasons = ["ND", "UNK"]
code_lists = [{{code = "LIST", items = [{{code = "A", label = "First"}}, {{code = "B", label = "Second"}}]}}]
"""


def sixty_items() -> str:
    """The form's file: each type in turn; every second item waits for the yes or no before it; each fifth has a check."""
    return HEAD + "".join(_items())


def _items() -> Iterator[str]:
    asked = ""
    for n in range(1, ITEMS + 1):
        kind = TYPES[(n - 1) % len(TYPES)]
        keys = [f'code = "ITEM{n}"', f'type = "{kind}"', f'label = "Question {n}"', "required = true"]
        keys += ['code_list = "LIST"'] if kind in ("choice", "choices") else []
        keys += ["minimum = 0", "usual_maximum = 50"] if kind == "integer" else []
        keys += [f'show_when = "{asked}"'] if asked and n % 2 == 0 and kind != "yes_no" else []
        asked = f"ITEM{n}" if kind == "yes_no" else asked
        yield "\n[[items]]\n" + "\n".join(keys) + "\n"


def opening(timed: Callable[..., list[float]], line: Callable[..., None]) -> None:
    """As the coordinator of a site opens it for somebody in screening."""
    study = Study.objects.get(code="KETNAL")
    member = Membership.objects.filter(study=study, role="coordinator", site__isnull=False).select_related(
        "user"
    )[0]
    if member.site is None:
        raise RuntimeError("no coordinator of a site")
    _load(study)
    consented = today_at(member.site) - timedelta(days=1)
    participant = screen(member.site, by=member.user, consented_on=consented, age=40, sex="F")
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    form = f"/studies/KETNAL/participants/{participant.code}/forms/{CODE}/new/"
    if client.get(form).status_code != 200:
        raise RuntimeError("the form does not open")
    a, b = timed(lambda: client.get(form), lambda: client.get("/bench/hello"))
    line("opening a form of 60 items / a page that says hello", a / b, "at most 3")


def _load(study: Study) -> None:
    """A version of the newest protocol that has the form too."""
    source = re.sub(
        r'^version = ".*"$', 'version = "60"', study.protocols.latest().source, count=1, flags=re.MULTILINE
    )
    use = '{ code = "VITALS", version = "1" },'
    source = source.replace(use, f'{use} {{ code = "{CODE}", version = "1" }},', 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "forms"
        shutil.copytree(FOLDER, folder)
        (folder / f"{CODE.lower()}.toml").write_text(sixty_items(), encoding="utf-8")
        load_trial(source, by=User.objects.system(), folder=folder)
