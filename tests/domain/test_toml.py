"""TOML of people's files: one clear error for whatever is too long, too deep or no TOML."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsite.lib.document import toml


def test_a_document_is_read() -> None:
    assert toml.loads('a.b = 1\n"c.d" = [{ e = "f.g" }]') == {"a": {"b": 1}, "c.d": [{"e": "f.g"}]}


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "[" * 25 + "]" * 25,
        "a = " + "{ b = " * 60_000,
        ".".join(["a"] * 50_000) + " = 1",
        ".".join(['"a"'] * 25_000) + " = 1",
        "[" + " . ".join(["a"] * 25_000) + "]",
        ("a." * 15 + "a = {") * 100 + "}" * 100,
        "a = " + "1" * 50_000,
        "a" * toml.LONGEST,
        "#" * (toml.LONGEST + 1),
    ],
)
def test_what_would_take_for_ever_or_fall_over_is_refused(text: str) -> None:
    with pytest.raises(toml.TomlError):
        toml.loads(text)


def test_words_between_dots_are_no_key() -> None:
    """A long text, also one of abbreviations, is a text."""
    text = "i.e. " * 100 + "a.b.c, "
    assert toml.loads(f'a = "{text}"') == {"a": text}


@given(st.text(alphabet="[]{}.=\"'#\n a1é\0", max_size=200))
def test_nothing_else_is_raised(text: str) -> None:
    with suppress(toml.TomlError):
        toml.loads(text)
