"""The shape of a document as a JSON Schema, from the annotations that reader.py reads it by.

Editors complete and check a file by it. It says what a single key may hold; what holds one key against another is asked
when the file is loaded.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

from trialsite.lib.document.annotations import bare, hints, limit_of
from trialsite.lib.document.limits import CODE, Bounds, TextLimit
from trialsite.lib.document.own_format import has_own_format
from trialsite.lib.document.reader import expected_text

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(root: type, title: str) -> Schema:
    """Of a whole file, whose tables are the dataclass `root`."""
    return {"$schema": DIALECT, "title": title, **_table(root)}


def _table(cls: type) -> Schema:
    annotations = hints(cls)
    return {
        "type": "object",
        "description": (cls.__doc__ or "").split("\n")[0],
        "properties": {field.name: _value(annotations[field.name]) for field in fields(cls)},
        "required": [field.name for field in fields(cls) if field.default is MISSING],
        "additionalProperties": False,
    }


def _value(kind: Any) -> Schema:
    plain = bare(kind)
    if has_own_format(plain):
        return {"description": expected_text(kind), **plain.json_schema()}
    if isinstance(plain, type) and is_dataclass(plain):
        return _table(plain)
    if get_origin(plain) is tuple:
        return _list(plain)
    if get_origin(plain) is Mapping:
        by_code = {rf"^(?:{CODE})$": _value(get_args(plain)[1])}
        return {"type": "object", "patternProperties": by_code, "additionalProperties": False}
    return {"description": expected_text(kind), **_scalar(plain, limit_of(kind))}


def _list(kind: Any) -> Schema:
    inner, *rest = get_args(kind)
    count = {} if rest == [...] else {"minItems": len(rest) + 1, "maxItems": len(rest) + 1}
    return {"type": "array", "items": _value(inner), **count}


def _scalar(plain: Any, limit: Bounds | TextLimit | None) -> Schema:
    if get_origin(plain) is Literal:
        return {"enum": list(get_args(plain))}
    if isinstance(limit, TextLimit):
        pattern = {"pattern": f"^(?:{limit.pattern})$"} if limit.pattern else {}
        return {"type": "string", "minLength": 1, "maxLength": limit.longest, **pattern}
    if isinstance(limit, Bounds):
        ends = {"minimum": limit.minimum, "maximum": limit.maximum}
        finite = {name: end for name, end in ends.items() if math.isfinite(end)}
        return {"type": "integer" if plain is int else "number", **finite}
    return {"type": "boolean"}
