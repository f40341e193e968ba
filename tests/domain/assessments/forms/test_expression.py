"""The expressions of form files: what they mean, what is unknown, what is refused, and that nothing makes them fail."""

import time as clock
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.expression import (
    Environment,
    Expression,
    ExpressionError,
    Known,
    Missing,
    Reference,
    Result,
    Row,
    ValueType,
)
from assessments.domain.expression_functions import Kind
from assessments.domain.partial_date import PartialDate
from trialsite.lib.document.keys import nearest

BERLIN_WINTER, BERLIN_SUMMER = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
VALUES: Mapping[str, Known | Missing] = {
    "THREE": Decimal(3),
    "HALF": Decimal("0.5"),
    "ZERO": Decimal(0),
    "NO": False,
    "YES": True,
    "COLOUR": "RED",
    "COLOURS": ("RED", "BLUE"),
    "BORN": PartialDate(1980, 3, 10),
    "DAY": PartialDate(2026, 3, 9),
    "MONTH": PartialDate(2026, 3),
    "YEAR": PartialDate(2026),
    "NOON": time(12),
    "EARLY": datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN_WINTER),
    "LATE": datetime(2026, 3, 29, 3, 15, tzinfo=BERLIN_SUMMER),
    "NOT_DONE": Missing("ND"),
}


def value_of(source: str) -> Result:
    names = {Reference(name): value for name, value in VALUES.items()}
    names[Reference("RESULT", "LABS")] = Decimal(7)
    names[Reference("WEIGHT", "VITALS", "DAY1")] = Decimal("70.5")
    return Expression.of(source).evaluate(Environment(names, PartialDate(2026, 3, 9)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("(1 + 2) * 3", Decimal(9)),
        ("7 - 2 - 1", Decimal(4)),
        ("-THREE + 1", Decimal(-2)),
        ("0.1 + 0.2 == 0.3", True),
        ("round(70.3 * 0.5, 1)", Decimal("35.2")),
        ("round(-2.5, 0)", Decimal(-3)),
        ("1 / 3 * 3 == 1", False),
        ("sum(1, THREE, 0.5)", Decimal("4.5")),
        ("min(THREE, 1) + max(THREE, 1)", Decimal(4)),
        ('COLOUR == \'RED\' && COLOUR in ["RED", "BLUE"]', True),
        ("'RED' in COLOURS && !('GREEN' in COLOURS) && size(COLOURS) == 2", True),
        ("THREE in [1, 2]", False),
        ("days(BORN, DAY)", Decimal(16800)),
        ("years(BORN, DAY)", Decimal(45)),
        ("years(BORN, YEAR)", None),
        ("years(BORN, today())", Decimal(45)),
        ("minutes(EARLY, LATE)", Decimal(45)),
        ("date(LATE) == MONTH", None),
        ("date(LATE) > DAY", True),
        ("DAY <= today()", True),
        ("LABS.RESULT + DAY1.VITALS.WEIGHT", Decimal("77.5")),
        ("YES ? 1 : 2", Decimal(1)),
        ("NO ? 1 : YES ? 2 : 3", Decimal(2)),
        ("minutes(NOON, NOON)", Decimal(0)),
    ],
)
def test_what_an_expression_means(source: str, expected: Result) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("BLANK > 1", None),
        ("BLANK == BLANK", None),
        ("BLANK != 1", None),
        ("!BLANK", None),
        ("BLANK + 1", None),
        ("sum(THREE, BLANK)", None),
        ("BLANK && NO", False),
        ("NO && BLANK", False),
        ("BLANK && YES", None),
        ("BLANK || YES", True),
        ("BLANK || NO", None),
        ("BLANK ? 1 : 2", None),
        ("BLANK in ['RED']", None),
        ("THREE in [BLANK, 3]", True),
        ("THREE in [BLANK, 4]", None),
        ("has(BLANK)", False),
        ("has(NOT_DONE)", False),
        ("has(ZERO) && has(NO)", True),
        ("reason(NOT_DONE)", "ND"),
        ("reason(BLANK)", ""),
        ("reason(ZERO)", ""),
        ("THREE / ZERO", None),
        ("THREE / ZERO > 1 || YES", True),
        ("days(MONTH, DAY)", None),
    ],
)
def test_what_is_missing_is_unknown_and_neither_true_nor_false(source: str, expected: Result) -> None:
    """Blank, zero and "not done" are three things; so is false, and a division by zero is no number."""
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("MONTH < DAY", None),
        ("MONTH <= DAY", None),
        ("MONTH == DAY", None),
        ("MONTH == MONTH", None),
        ("DAY == DAY", True),
        ("YEAR > BORN", True),
        ("YEAR == BORN", False),
        ("YEAR != BORN", True),
        ("BORN >= MONTH", False),
    ],
)
def test_dates_known_in_part_compare_where_it_can_be_told(source: str, expected: Result) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", "'', which ends too early"),
        ("A =", "'=' at character 3"),
        ("A > ", "'A > ', which ends too early"),
        ("A B", "'B' at character 3"),
        ("'open", "\"'open\" at character 1"),
        ("a.b.c.d.e", "'a.b.c.d.e'"),
        ("A ? 1", "'A ? 1', which ends too early"),
        ("__import__('os').system + 1", "'+ 1' at character 25"),
        ("x" * 1001, "1,001 characters"),
        ("!" * 60 + "true", "51 levels"),
        ("(" * 100 + "1", None),
        ("1+" * 400 + "1", "51 levels"),
        ("1e999999", None),
        ("9" * 16, None),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_with_its_place(source: str, found: str | None) -> None:
    with pytest.raises(ExpressionError) as refusal:
        Expression.of(source)
    assert found is None or refusal.value.found == found


DAYZ = (
    "found the function 'dayz', expected one of the functions days, years, minutes, date, year, sum, min, max, earliest, "
    "latest, round, substance, size, has, reason, distinct, today, now; did you mean 'days'?"
)


class Items:
    """A scope of a few items."""

    def type_of(self, reference: Reference) -> ValueType:
        kinds: dict[str, Kind] = {
            "N": "number", "Q": "yes_no", "T": "text", "D": "date", "M": "datetime", "C": "text", "L": "texts", "H": "time",
        }  # fmt: skip
        if reference.item not in kinds:
            raise ExpressionError(f"'{reference}'", "an item")
        codes = frozenset({"RED", "BLUE"}) if reference.item in ("C", "L") else None
        return ValueType(kinds[reference.item], codes)

    def rows_of(self, reference: Reference) -> ValueType:
        raise ExpressionError(f"the rows of {reference}", "a form that repeats")

    def hint(self, name: str, names: Sequence[str]) -> str:
        near = nearest(name, names)
        return f"; did you mean '{near}'?" if near else ""


@pytest.mark.parametrize(
    ("source", "kind", "mistakes"),
    [
        ("N > 1 && Q", "yes_no", []),
        ("D < today() || days(D, date(M)) == 1", "yes_no", []),
        ("Q ? N : 1", "number", []),
        ("minutes(H, H) + minutes(M, M)", "number", []),
        ("C == 'BLUE' && 'RED' in L && C in ['RED']", "yes_no", []),
        ("reason(N) == 'ND' && has(L)", "yes_no", []),
        ("X > 1", "yes_no", ["found 'X', expected an item"]),
        ("has(X)", "yes_no", ["found 'X', expected an item"]),
        ("N", "yes_no", ["found N, a number, expected yes or no"]),
        ("N && Q", "yes_no", ["found N, a number, expected yes or no"]),
        ("!N", "yes_no", ["found N, a number, expected yes or no"]),
        ("N + T", "number", ["found T, a text, expected a number"]),
        ("N == T", "yes_no", ["found T, a text, expected a number"]),
        ("D < M", "yes_no", ["found M, a date with time, expected a date"]),
        ("C == 'BLEU'", "yes_no", ["found 'BLEU', expected one of the codes BLUE, RED; did you mean 'BLUE'?"]),
        ("'GREEN' in L", "yes_no", ["found 'GREEN', expected one of the codes BLUE, RED"]),
        ("C in ['RED', 'X']", "yes_no", ["found 'X', expected one of the codes BLUE, RED"]),
        ("dayz(D, D)", "number", [DAYZ]),
        ("days(D)", "number", ["found days(a date), expected days(a date, a date)"]),
        ("sum()", "number", ["found sum(), expected sum(a number, …) or sum(several numbers)"]),
        ("round(N, N)", "number", ["found N, expected a whole number of digits, 0 to 10"]),
        ("has(1)", "yes_no", ["found has(1), expected has(an item)"]),
        ("today(N)", "date", ["found today() of 1 arguments, expected today() of none"]),
        ("[1]", "number", ["found a list, expected a list only after in"]),
        ("X + 1 == Y", "yes_no", ["found 'X', expected an item", "found 'Y', expected an item"]),
        ("Q < Q", "yes_no", None),
        ("T < 'a'", "yes_no", None),
        ("L == 'RED'", "yes_no", None),
    ],
)  # fmt: skip
def test_a_mistake_is_said_when_the_file_is_loaded(
    source: str, kind: Kind, mistakes: list[str] | None
) -> None:
    messages = [str(mistake) for mistake in Expression.of(source).mistakes(Items(), kind)]
    assert messages if mistakes is None else messages == mistakes


ATOMS = st.sampled_from(
    ["1", "0", "0.5", "true", "'RED'", *VALUES, "BLANK", "LABS.RESULT", "today()", "[1, 'RED']"]
)
OPERATORS = ["+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"]
SOURCES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(
            inner,
            st.sampled_from(OPERATORS),
            inner,
        ).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda part: f"!({part})"),
        st.tuples(
            st.sampled_from(
                ["days", "years", "minutes", "date", "sum", "min", "max", "round", "size", "has"]
            ),
            inner,
            inner,
        ).map(lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=20,
)


@given(SOURCES)
def test_no_expression_fails_whatever_it_holds(source: str) -> None:
    """Also one that the check would have refused: its value is one of the kinds, or unknown."""
    assert value_of(source) is None or isinstance(
        value_of(source), Decimal | bool | str | tuple | PartialDate | time | datetime
    )


@given(st.text(max_size=60))
def test_no_text_fails_to_be_read_or_refused(text: str) -> None:
    with suppress(ExpressionError):
        Expression.of(text)


def test_the_largest_expression_takes_no_time() -> None:
    """Read once, and then evaluated 1,000 times."""
    source = "&&".join(["(N>1||N<0)"] * 25)
    started = clock.perf_counter()
    expression = Expression.of(source)
    environment = Environment({Reference("N"): Decimal(3)}, PartialDate(2026, 3, 9))
    for _ in range(1000):
        expression.evaluate(environment)
    assert clock.perf_counter() - started < 2
    huge = "*".join(["999999999999999"] * 25)
    assert Expression.of(huge).evaluate(environment) is None


ROWS = (
    Row({"NAME": "A", "DOSE": Decimal(20), "OPIOID": False, "START": PartialDate(2026, 1), "END": PartialDate(2026, 2, 1)}),
    Row({"NAME": "B", "DOSE": Decimal(5), "OPIOID": True, "START": PartialDate(2026, 2, 3), "END": Missing("UNK")}),
    Row({"NAME": "A", "DOSE": Decimal(40), "OPIOID": False, "START": PartialDate(2026, 2, 9)}),
)  # fmt: skip
TYPED = {
    "NAME": ValueType("text", frozenset("AB")), "DOSE": ValueType("number"), "OPIOID": ValueType("yes_no"),
    "START": ValueType("date"), "END": ValueType("date"),
}  # fmt: skip


def of_rows(source: str, rows: Sequence[Row] = ROWS) -> Result:
    names: dict[Reference, Known | Missing | None] = {
        Reference("", "MED"): tuple(rows),
        Reference("", "VITALS", "BASELINE", "PERIOD2"): tuple(rows[:1]),
        Reference("LIMIT", "PROTOCOL"): Decimal(10),
        Reference("NAME"): "B",
    }
    now = datetime(2026, 2, 10, 12, tzinfo=BERLIN_WINTER)
    return Expression.of(source).evaluate(Environment(names, PartialDate(2026, 2, 10), now))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("MED.exists(m, m.OPIOID)", True),
        ("MED.exists(m, m.NAME == NAME && m.DOSE < PROTOCOL.LIMIT)", True),
        ("MED.exists(m, m.END > today())", None),
        ("MED.exists(m, m.END > today() || m.OPIOID)", True),
        ("MED.all(m, m.DOSE > 1)", True),
        ("MED.all(m, has(m.END))", False),
        ("MED.all(m, m.END < today())", None),
        ("size(MED.filter(m, m.NAME == 'A'))", Decimal(2)),
        ("size(MED.filter(m, m.END < today()))", None),
        ("MED.filter(m, has(m.END) && m.END < today()).size()", Decimal(1)),
        ("MED.exists(m, reason(m.END) == 'UNK')", True),
        ("MED.size()", Decimal(3)),
        ("size(MED.map(m, m.NAME).distinct())", Decimal(2)),
        ("'B' in MED.map(m, m.NAME)", True),
        ("sum(MED.filter(m, m.NAME == 'A').map(m, m.DOSE))", Decimal(60)),
        ("max(MED.map(m, m.DOSE)) - min(MED.map(m, m.DOSE))", Decimal(35)),
        ("MED.map(m, m.DOSE).exists(d, d > 30)", True),
        ("latest(MED.map(m, m.START))", PartialDate(2026, 2, 9)),
        ("earliest(MED.map(m, m.START))", PartialDate(2026, 1)),
        ("PERIOD2.BASELINE.VITALS.size()", Decimal(1)),
        ("today() + 14 == date(now()) + 14", True),
        ("latest(MED.map(m, m.START)) - 9 < today()", True),
        ("year(earliest(MED.map(m, m.START)))", Decimal(2026)),
        ("earliest(MED.map(m, m.START)) + 1", None),
        ("today() + 0.5", None),
        ("today() + 99999999", None),
        ("LABS.exists(r, true)", None),
    ],
)
def test_what_an_expression_over_rows_means(source: str, expected: Result) -> None:
    """By the three-valued logic of the rest: what is unknown of a row is not taken for false."""
    assert of_rows(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("MED.exists(m, m.OPIOID)", False),
        ("MED.all(m, m.OPIOID)", True),
        ("MED.size() + sum(MED.map(m, m.DOSE))", Decimal(0)),
        ("max(MED.map(m, m.DOSE))", None),
        ("latest(MED.map(m, m.START))", None),
    ],
)
def test_what_there_is_to_say_of_no_rows(source: str, expected: Result) -> None:
    assert of_rows(source, ()) == expected


class RowsScope:
    """A form MED that repeats, and an item NAME."""

    def type_of(self, reference: Reference) -> ValueType:
        if reference == Reference("NAME"):
            return ValueType("text")
        raise ExpressionError(f"'{reference}'", "an item")

    def rows_of(self, reference: Reference) -> ValueType:
        return ValueType("rows", items=TYPED)

    def hint(self, name: str, names: Sequence[str]) -> str:
        near = nearest(name, names)
        return f"; did you mean '{near}'?" if near else ""


@pytest.mark.parametrize(
    ("source", "kind", "mistake"),
    [
        ("MED.exists(m, m.DOES > 1)", "yes_no", "found 'm.DOES', expected an item of the row; did you mean 'DOSE'?"),
        ("MED.exists(m, m.DOSE)", "yes_no", "found m.DOSE, a number, expected yes or no"),
        ("MED.exists(m, m.NAME == 'C')", "yes_no", "found 'C', expected one of the codes A, B"),
        ("MED.exists(m, m)", "yes_no", "found 'm', a row, expected an item of it: 'm.ITEM'"),
        ("MED.map(m, m.OPIOID).size()", "number", "found m.OPIOID, yes or no, expected a text or a number or a date"),
        ("MED.filter(m, m.OPIOID)", "yes_no", "found MED.filter(…), rows of a form, expected yes or no"),
        ("MED.exists(m, m.START + m.START)", "yes_no", "found m.START, a date, expected a number"),
        ("latest(MED.map(m, m.DOSE))", "date", "found latest(several numbers), expected latest(several dates)"),
        ("MED.exists(m, other.DOSE > 1)", "yes_no", "found 'other.DOSE', expected an item"),
        ("now(1)", "datetime", "found now() of 1 arguments, expected now() of none"),
    ],
)  # fmt: skip
def test_a_mistake_over_rows_is_said_when_the_file_is_read(source: str, kind: Kind, mistake: str) -> None:
    mistakes = [str(error) for error in Expression.of(source).mistakes(RowsScope(), kind)]
    assert any(mistake in each for each in mistakes), mistakes


@pytest.mark.parametrize(
    "source",
    [
        "MED.exists(m, MED.exists(n, true))",
        "MED.most(m, true)",
        "MED.exists(true)",
        "MED.exists(m.A, true)",
        "A.B.C.D.MED.exists(m, true)",
        "A.B.C.D.E",
    ],
)
def test_what_is_no_expression_over_rows(source: str) -> None:
    """One macro in another above all: its time would grow with the square of the rows."""
    with pytest.raises(ExpressionError):
        Expression.of(source)


def test_only_the_items_that_are_named_are_read() -> None:
    expression = Expression.of("MED.filter(m, m.OPIOID).map(m, m.NAME + 0).size() > 1 && NAME == 'B'")
    assert expression.row_items == {Reference("OPIOID", "MED"), Reference("NAME", "MED")}
    assert expression.references == {Reference("", "MED"), Reference("NAME")}
