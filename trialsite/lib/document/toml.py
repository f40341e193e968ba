"""TOML of people's files, read in bounded time: what is too long, too deep or no TOML is one clear error.

tomllib alone needs minutes for a key of 50,000 dots and ends in a RecursionError on nested brackets.
"""

import re
import tomllib
from typing import Any

LONGEST = 1 << 17
DEEPEST = 20
TOO_DEEP = f"tables or lists more than {DEEPEST} deep"
# More than DEEPEST parts joined by dots, where a key can begin. `++` never tries again, so it takes one pass.
PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
DEEP_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*+{PART}(?:[ \t]*+\.[ \t]*+{PART}){{{DEEPEST}}}", re.MULTILINE)


class TomlError(ValueError):
    """What keeps a text from being read, as a sentence without its full stop."""


def loads(text: str) -> dict[str, Any]:
    """The document in `text`. Raises TomlError, and nothing else."""
    if len(text) > LONGEST:
        raise TomlError(f"a file of {len(text):,} characters; at most {LONGEST:,} are read")
    if deep := DEEP_KEY.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise TomlError(f"a key of more than {DEEPEST} parts (at line {line})")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise TomlError(TOO_DEEP) from None
    except ValueError as error:  # TOMLDecodeError, and a number of very many digits
        raise TomlError(f"not TOML: {error}") from None
    _check_depth(document)
    return document


def _check_depth(document: dict[str, Any]) -> None:
    """Level by level, so that no depth is too much for it."""
    level: list[Any] = [document]
    for _ in range(DEEPEST + 1):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise TomlError(TOO_DEEP)


def _inside(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value
    return [value for value in inner if isinstance(value, dict | list)]
