"""Our evaluator against CEL's own, by its authors, over whatever both can say: the language is theirs, kept by them.

Numbers are sums and products of halves, which binary fractions hold exactly. A name without a value is an error to CEL, and
unknown to us.
"""

from decimal import Decimal

from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.expression import Environment, Expression, Known, Reference
from assessments.domain.partial_date import PartialDate

NUMBERS, ANSWERS, TEXTS = ("N1", "N2", "N3"), ("Q1", "Q2", "Q3"), ("T1", "T2")
VALUES: dict[str, Known] = {"N1": Decimal(3), "N2": Decimal("0.5"), "Q1": True, "Q2": False, "T1": "RED"}
ENVIRONMENT = Environment({Reference(name): value for name, value in VALUES.items()}, PartialDate(2026, 3, 9))
BOUND = {name: float(value) if isinstance(value, Decimal) else value for name, value in VALUES.items()}
CEL = cel.NewEnv(
    variables={
        **dict.fromkeys(NUMBERS, cel.Type.DOUBLE),
        **dict.fromkeys(ANSWERS, cel.Type.BOOL),
        **dict.fromkeys(TEXTS, cel.Type.STRING),
    }
)

texts = st.sampled_from([*TEXTS, "'RED'", '"BLUE"'])
numbers = st.recursive(
    st.sampled_from([*NUMBERS, "0.0", "1.0", "2.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(" ".join),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"({part}) / 2.0"),
        st.tuples(st.sampled_from(ANSWERS), inner, inner).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})"),
    ),
    max_leaves=6,
)
relations = st.one_of(
    st.tuples(numbers, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers).map(" ".join),
    st.tuples(texts, st.sampled_from(["==", "!="]), texts).map(" ".join),
    numbers.map(lambda part: f"({part}) in [0.5, 3.0]"),
    texts.map(lambda part: f"{part} in ['RED', 'GREEN']"),
)
answers = st.recursive(
    relations | st.sampled_from([*ANSWERS, "true", "false"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join),
        inner.map(lambda part: f"!({part})"),
        inner.map(lambda part: f"({part})"),
        st.tuples(inner, inner, inner).map(lambda p: f"(({p[0]}) ? ({p[1]}) : ({p[2]}))"),
    ),
    max_leaves=10,
)


def of_cel(source: str) -> object:
    """CEL's value; None for an error, which is what a missing value becomes there."""
    value = CEL.compile(source).eval(data=BOUND)
    return None if value.type() in (cel.Type.ERROR, cel.Type.UNKNOWN) else value.value()


@given(answers)
def test_answers_are_those_of_cel(source: str) -> None:
    assert Expression.of(source).evaluate(ENVIRONMENT) == of_cel(source)


@given(numbers)
def test_numbers_are_those_of_cel(source: str) -> None:
    ours = Expression.of(source).evaluate(ENVIRONMENT)
    assert of_cel(source) == (float(ours) if isinstance(ours, Decimal) else ours)
