"""What people type into an item, or a file of theirs says: understood in every way that can mean one thing only."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from assessments.domain.form import CodeListItem, Form, Item, ItemType
from assessments.domain.partial_date import PartialDate
from assessments.domain.values import MOST_DIGITS, Value, ValueProblemError, longest, quantity
from assessments.domain.zoned import read_clock, read_moment
from trialsite.lib.days import NotADayError, day_text, read
from trialsite.lib.visible import is_visible

NUMBER = re.compile(r"(?P<number>[+-]?[0-9][0-9.,' \u00a0\u2009\u202f]*)(?P<unit>.*)", re.DOTALL)
# Of everything but texts.
LONGEST_TYPED = 200
YES = ("y", "yes", "true", "1")
NO = ("n", "no", "false", "0")


def read_typed(
    form: Form, item: Item, typed: str | Sequence[str], *, unit: str = "", zone: tzinfo | None = None
) -> Value | None:
    """The value that `typed` means; None where it is blank.

    `typed`: a text, or the texts of several fields of one name (choices). `unit`: the one chosen beside the field; a unit
    typed after the number counts. `zone`: the site's, for items of the type datetime.

    Raises ValueProblemError, in words for the person who typed, and nothing else.
    """
    if not item.entered:
        raise ValueProblemError("Nothing is entered here.")
    if item.type == "choices":
        return _read_choices(form, item, typed)
    text = typed if isinstance(typed, str) else "".join(typed[:1])
    if not text.strip():
        return None
    if item.type not in ("text", "long_text") and len(text) > LONGEST_TYPED:
        raise ValueProblemError("At most %(longest)s characters.", {"longest": LONGEST_TYPED})
    if item.type == "decimal":
        return _read_decimal(item, text, unit)
    if item.type == "datetime":
        return _read_datetime(text, zone)
    return _READERS[item.type](form, item, text.strip())


def _read_integer(_form: Form, item: Item, text: str) -> int:
    number = _number(text)
    if number is None or number != number.to_integral_value() or re.search(r"[.,]", text):
        raise ValueProblemError("Enter a whole number, in digits.")
    if item.type == "vas" and not 0 <= number <= 100:
        raise ValueProblemError("Write a number from 0 to 100.")
    return int(number)


def _read_decimal(item: Item, text: str, unit: str) -> Value:
    match = NUMBER.fullmatch(text.strip())
    number = _number(match["number"]) if match else None
    if match is None or number is None:
        raise ValueProblemError("Write a number, in digits, for example 70.5.")
    typed_unit = match["unit"].strip()
    return quantity(item, number, _unit_code(item, typed_unit) if typed_unit else unit)


def _unit_code(item: Item, typed: str) -> str:
    """The code of the unit that somebody wrote after the number, else what they wrote."""
    names = {
        name.casefold(): unit.code
        for unit in reversed(item.units)
        for name in (*(text for _, text in (unit.label.texts if unit.label else ())), unit.code)
    }
    return names.get(typed.casefold(), typed)


def _number(text: str) -> Decimal | None:
    """The number in digits; None where it is none. Raises ValueProblemError where it can be two."""
    compact = re.sub(r"(?<=[0-9])[ '\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", "", text.strip())
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", compact):
        either = [compact.replace(",", ""), compact.replace(",", ".")]
        raise ValueProblemError(
            "This can be %(first)s or %(second)s. Write it with a point, or without a comma.",
            {"first": either[0], "second": either[1]},
        )
    match = re.fullmatch(r"([+-]?)([0-9]+)(?:[.,]([0-9]+))?", compact)
    if match is None:
        return None
    if len(match[2] + (match[3] or "")) > MOST_DIGITS:
        raise ValueProblemError("At most %(digits)s digits.", {"digits": MOST_DIGITS})
    number = Decimal(compact.replace(",", "."))
    return number if number else abs(number)


def _read_text(_form: Form, item: Item, text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = item.type == "long_text"
    if not all(character.isprintable() or (lines and character in "\n\t") for character in text):
        message = "This holds characters that cannot be shown. Remove them."
        raise ValueProblemError(message if lines or "\n" not in text else "Write it on one line.")
    if not is_visible(text):
        raise ValueProblemError("This contains only invisible characters. Enter it in words.")
    if len(text) > longest(item):
        params = {"longest": longest(item), "length": len(text)}
        raise ValueProblemError("At most %(longest)s characters; these are %(length)s.", params)
    return text


def _read_choice(form: Form, item: Item, text: str) -> str:
    choices = form.choices(item)
    for names in (_by_code, _by_key, _by_label):
        if code := names(choices).get(text.casefold()):
            return code
    raise ValueProblemError("“%(typed)s” is not one of the choices.", {"typed": text[:60]})


def _by_code(choices: Sequence[CodeListItem]) -> dict[str, str]:
    return {choice.code.casefold(): choice.code for choice in choices}


def _by_key(choices: Sequence[CodeListItem]) -> dict[str, str]:
    return {str(choice.key): choice.code for choice in choices if choice.key is not None}


def _by_label(choices: Sequence[CodeListItem]) -> dict[str, str]:
    """Labels that mean one choice only."""
    codes: dict[str, set[str]] = {}
    for choice in choices:
        for _, text in choice.label.texts:
            codes.setdefault(text.casefold(), set()).add(choice.code)
    return {label: own.pop() for label, own in codes.items() if len(own) == 1}


def _read_choices(form: Form, item: Item, typed: str | Sequence[str]) -> Value | None:
    """From several fields, or from one text with ; (or , where there is no ;) between."""
    texts = re.split(";" if ";" in typed else ",", typed) if isinstance(typed, str) else typed
    codes = {_read_choice(form, item, text.strip()) for text in texts if text.strip()}
    return tuple(choice.code for choice in form.choices(item) if choice.code in codes) or None


def _read_yes_no(form: Form, item: Item, text: str) -> bool:
    if text.casefold() in YES + NO:
        return text.casefold() in YES
    try:
        return _read_choice(form, item, text) == "Y"
    except ValueProblemError:
        raise ValueProblemError("Write yes or no.") from None


def _read_date(_form: Form, _item: Item, text: str) -> date:
    try:
        return read(text)
    except NotADayError as error:
        raise day_problem(error) from error


def day_problem(error: NotADayError) -> ValueProblemError:
    """Why a text names no one day."""
    if error.days:
        params = {"days": " or ".join(map(day_text, error.days)), "day": day_text(error.days[0])}
        return ValueProblemError(
            "This could mean %(days)s. Write the month as a word, for example %(day)s.", params
        )
    return ValueProblemError(
        "This is not a date. Enter it with a four-digit year, for example 9 Mar 2026 or 2026-03-09."
    )


def _read_partial_date(_form: Form, _item: Item, text: str) -> PartialDate:
    try:
        return PartialDate.typed(text)
    except NotADayError as error:
        if error.days:
            raise day_problem(error) from error
        message = "This is not a date. Write what is known, for example 9 Mar 2026, Mar 2026 or 2026."
        raise ValueProblemError(message) from error


def _read_time(_form: Form, _item: Item, text: str) -> time:
    clock = read_clock(text)
    if clock is None:
        raise ValueProblemError("This is not a time. Write it as 14:05.")
    return clock


def _read_datetime(text: str, zone: tzinfo | None) -> datetime:
    """Its local time must be one of the site's clock, and be one moment only."""
    if zone is None:
        raise ValueProblemError("The time zone of the site is not known.")
    day, clock, offset = _parts(text.strip())
    try:
        moment = read_moment(read(day), clock, offset, zone)
    except NotADayError as error:
        raise day_problem(error) from error
    return moment


def _parts(text: str) -> tuple[str, time, timedelta | None]:
    """Day as typed, time, and the UTC offset where there is one."""
    offset = re.search(r"(?<=[0-9mM])\s*(?:UTC|GMT)?(Z|[+-][0-9]{2}:?[0-9]{2})$", text)
    rest = text[: offset.start()] if offset and ":" in text[: offset.start()] else text
    match = re.fullmatch(
        r"(.*?)(?:[T,]\s*|\s+)([0-9]{1,2}[:.h][0-9]{2}(?::[0-9]{2})?(?:\s*[ap]\.?m\.?)?)", rest, re.I
    )
    clock = read_clock(match[2]) if match else None
    if match is None or clock is None:
        raise ValueProblemError("Write the date and the time, for example 9 Mar 2026 14:05.")
    if offset is None or rest == text:
        return match[1], clock, None
    if offset[1] == "Z":
        return match[1], clock, timedelta(0)
    sign, digits = offset[1][0], offset[1][1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return match[1], clock, timedelta(minutes=-minutes if sign == "-" else minutes)


_READERS: Mapping[ItemType, Callable[[Form, Item, str], Value]] = {
    "integer": _read_integer,
    "vas": _read_integer,
    "text": _read_text,
    "long_text": _read_text,
    "choice": _read_choice,
    "yes_no": _read_yes_no,
    "date": _read_date,
    "partial_date": _read_partial_date,
    "time": _read_time,
}
