"""A wording from a spreadsheet's CSV: `item,wording,0,1,2,3,4`, one line an item. Pure."""

import csv
import io

from assessments.domain.instrument import Instrument, InstrumentItem

LONGEST = 500


class NotAWordingError(ValueError):
    """What is wrong, as an English template for the reader to translate and fill with `params`."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message % params)
        self.message, self.params = message, params


def read(text: str, instrument: Instrument) -> dict[str, dict[str, object]]:
    """Code of each item → its name and the anchors of its values, which may be left empty.

    Raises NotAWordingError with the line: another header, an item that is unknown, missing or there twice, no wording,
    a text too long or with control characters, an anchor of a value that the item does not have; a file that is no CSV.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        lines = [(rows.line_num, row) for row in rows]
    except csv.Error as error:
        raise NotAWordingError("Line %(line)d cannot be read as CSV.", line=rows.line_num) from error
    highest = max(item.maximum for item in instrument.items)
    header = ["item", "wording", *map(str, range(highest + 1))]
    if [cell.strip().lower() for cell in (lines[0][1] if lines else [])] != header:
        raise NotAWordingError("The first line has to be: %(header)s", header=",".join(header))
    known = {item.number.lower(): item for item in instrument.items}
    wordings: dict[str, dict[str, object]] = {}
    for line, row in lines[1:]:
        if not any(cell.strip() for cell in row):
            continue
        item = known.get(row[0].strip().lower())
        if item is None:
            raise NotAWordingError(
                "Line %(line)d: there is no item “%(number)s”.", line=line, number=row[0].strip()
            )
        if item.code in wordings:
            raise NotAWordingError(
                "Line %(line)d: item %(number)s appears twice.", line=line, number=item.number
            )
        wordings[item.code] = _worded(item, [cell.strip() for cell in row[1:]], line)
    if missing := [item.number for item in instrument.items if item.code not in wordings]:
        raise NotAWordingError("Items are missing: %(numbers)s.", numbers=", ".join(missing))
    return wordings


def _worded(item: InstrumentItem, cells: list[str], line: int) -> dict[str, object]:
    name, anchors = (cells or [""])[0], cells[1:]
    if not name:
        raise NotAWordingError(
            "Line %(line)d: item %(number)s has no wording.", line=line, number=item.number
        )
    if any(len(cell) > LONGEST for cell in cells):
        raise NotAWordingError(
            "Line %(line)d: a text is longer than %(longest)d characters.", line=line, longest=LONGEST
        )
    if not all(character.isprintable() or character == "\n" for cell in cells for character in cell):
        raise NotAWordingError("Line %(line)d: a text contains control characters.", line=line)
    if any(anchors[item.maximum + 1 :]):
        raise NotAWordingError(
            "Line %(line)d: item %(number)s has a maximum of %(maximum)d; a higher value has a text.",
            line=line,
            number=item.number,
            maximum=item.maximum,
        )
    anchors = anchors[: item.maximum + 1]
    return {"name": name, "anchors": anchors + [""] * (item.maximum + 1 - len(anchors))}
