"""The shape of a protocol file as a JSON Schema."""

from enrollment.protocol.model import Protocol
from trialsite.lib.document.json_schema import Schema, schema_of


def schema() -> Schema:
    """Of the whole file, with the table of sources that sources.py reads."""
    file = schema_of(Protocol, "Trialsite protocol")
    sources: Schema = {"type": "object", "description": "where each number comes from, by its key"}
    return {
        **file,
        "properties": {**file["properties"], "sources": sources},
        "required": [*file["required"], "sources"],
    }
