"""What the annotations of a document's dataclasses say of a value: its type, and its limits."""

import types
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from trialsite.lib.document.limits import Bounds, TextLimit


@cache
def hints(cls: type) -> dict[str, Any]:
    """Field → annotation, limits included."""
    return get_type_hints(cls, include_extras=True)


def bare(kind: Any) -> Any:
    """The annotation without `| None` and without its limits."""
    kind = _present(kind)
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def limit_of(kind: Any) -> Bounds | TextLimit | None:
    """The limits that the annotation names."""
    kind = _present(kind)
    return kind.__metadata__[0] if get_origin(kind) is Annotated else None


def _present(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return next(arg for arg in get_args(kind) if arg is not type(None))
    return kind
