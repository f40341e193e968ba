"""A form that no trial has: every type, conditions three deep, two languages, 60 items."""

from typing import Any

from assessments.domain.form import Form
from assessments.domain.form_file import FormError, Surroundings, parse
from trialsite.lib.document.problems import Problem

LISTED = {"choice": "COLOUR", "choices": "COLOUR"}
TYPES = (
    "integer", "decimal", "text", "long_text", "choice", "choices", "yes_no", "date", "partial_date", "time", "datetime",
    "vas",
)  # fmt: skip


def label(text: str) -> dict[str, str]:
    return {"en": text, "de": f"{text} auf Deutsch"}


def item(code: str, type_: str, **keys: Any) -> dict[str, Any]:
    listed = {"code_list": LISTED[type_]} if type_ in LISTED else {}
    return {"code": code, "type": type_, "label": label(code), **listed, **keys}


def never_seen() -> dict[str, Any]:
    """60 items: four of each type that is filled in, five calculated, seven headings; conditions three deep."""
    items = []
    for number in (1, 2, 3, 4):
        for type_ in TYPES:
            keys: dict[str, Any] = {"group": f"G{number}"}
            if type_ == "decimal":
                keys |= {"decimals": 1, "units": units(), "minimum": 20, "maximum": 300, "usual_maximum": 200}
            if type_ == "integer":
                keys |= {"minimum": 0, "maximum": 1000, "usual_minimum": 10, "units": [{"code": "mmHg"}]}
            items.append(item(f"{type_.upper()}{number}", type_, **keys))
        items.append(item(f"HEADING{number}", "heading", group=f"G{number}"))
    by_code = {entry["code"]: entry for entry in items}
    by_code["YES_NO2"] |= {"show_when": "YES_NO1", "required": True}
    by_code["YES_NO3"] |= {"show_when": "YES_NO2", "require_when": "INTEGER1 > 100"}
    by_code["YES_NO4"] |= {"show_when": 'YES_NO3 && "RED" in CHOICES1'}
    calculated = [
        item("SUM", "calculated", calculate="sum(INTEGER1, INTEGER2)"),
        item("TWICE", "calculated", calculate="SUM * 2", maximum=3000, usual_maximum=1500),
        item("RATIO", "calculated", calculate="round(INTEGER1 / INTEGER2, 2)", show_when="YES_NO1"),
        item("SAME", "calculated", calculate="CHOICE1 == CHOICE2", result="yes_no"),
        item("DAY", "calculated", calculate="date(DATETIME1)", result="date"),
    ]
    headings = [item(f"HEADING{number}", "heading") for number in (5, 6, 7)]
    return {
        "code": "NEVER_SEEN",
        "title": label("Never seen"),
        "version": "1",
        "placement": "repeating_at_visit",
        "repeat_label": label("Row"),
        "row_title": ["TEXT1"],
        "missing_reasons": ["ND", "UNK"],
        "groups": [{"code": f"G{number}", "label": label(f"Group {number}")} for number in (1, 2, 3)]
        + [{"code": "G4", "label": label("Group 4"), "show_when": "YES_NO3"}],
        "code_lists": [{"code": "COLOUR", "items": [
            {"code": "RED", "label": label("Red"), "key": 1},
            {"code": "GREEN", "label": label("Green"), "key": 2},
            {"code": "BLUE", "label": label("Blue"), "key": 3},
        ]}],
        "items": items + calculated + headings,
        "checks": [
            {"id": "ORDER", "holds": "DATE1 <= PARTIAL_DATE1", "severity": "hard", "item": "DATE1",
             "message": label("In order")},
            {"id": "SLOW", "holds": "minutes(TIME1, TIME2) <= 45", "severity": "soft", "item": "TIME2",
             "message": label("In time"), "version": 2},
            {"id": "OTHER", "holds": "LABS.RESULT > VAS1", "severity": "soft", "item": "VAS1",
             "message": label("As in the laboratory")},
        ],
    }  # fmt: skip


def units() -> list[dict[str, Any]]:
    return [
        {"code": "kg"},
        {"code": "LB", "label": "lb", "factor": 0.45359237},
        {"code": "st", "factor": 6.35029318},
    ]


def small(**keys: Any) -> dict[str, Any]:
    """A form of one item, with keys of one's own."""
    return {
        "code": "SMALL",
        "title": "Small",
        "version": "1",
        "placement": "once",
        "items": [{"code": "A", "type": "integer", "label": "A"}],
        **keys,
    }


def one_item(type_: str, **keys: Any) -> Form:
    """The form of an item A of that type."""
    return parse(
        small(items=[item("A", type_, **keys)], title=label("Small"), code_lists=never_seen()["code_lists"])
    )


def problems_of(document: Any, **surroundings: Any) -> dict[str, Problem]:
    """The mistakes found, by key; empty when there is none."""
    try:
        parse(document, Surroundings(**surroundings))
    except FormError as error:
        return {problem.key: problem for problem in error.problems}
    return {}
