"""What people read, in one language or in several."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trialsite.lib.document.own_format import OwnFormat

LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Label(OwnFormat):
    """Written as a text, or as a table by language: `{en = "Weight", de = "Gewicht"}`.

    `texts`: (language, text), in the file's order; the language is "" for a text alone.
    """

    texts: tuple[tuple[str, str], ...]

    def text(self, language: str = "en") -> str:
        """In `language`, else in its base language (de for de-AT), else in English, else in the first there is."""
        return dict(self.texts)[self.language(language)]

    def language(self, wanted: str) -> str:
        """The language that somebody who reads `wanted` gets; "" for a text alone."""
        by_language = dict(self.texts)
        for language in (wanted, wanted.partition("-")[0], "", "en"):
            if language in by_language:
                return language
        return self.texts[0][0]

    @property
    def languages(self) -> frozenset[str]:
        """Those that it is written in; empty for a text alone."""
        return frozenset(language for language, _ in self.texts if language)

    @classmethod
    def read(cls, value: object) -> "Label | None":
        """From the file's text or table; None for anything else."""
        if isinstance(value, str):
            return cls((("", value),)) if _is_text(value) else None
        if not isinstance(value, Mapping) or not value:
            return None
        right = all(
            isinstance(language, str) and re.fullmatch(LANGUAGE, language) and _is_text(text)
            for language, text in value.items()
        )
        return cls(tuple(value.items())) if right else None

    @staticmethod
    def expected() -> str:
        """What a file must say, in words."""
        return f"a text of at most {LONGEST} characters, or a table of texts by language"

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """What a file must say, for an editor."""
        text = {"type": "string", "minLength": 1, "maxLength": LONGEST}
        by_language = {
            "type": "object",
            "patternProperties": {f"^(?:{LANGUAGE})$": text},
            "additionalProperties": False,
            "minProperties": 1,
        }
        return {"anyOf": [text, by_language]}


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        return False
    return all(character.isprintable() or character == "\n" for character in value)
