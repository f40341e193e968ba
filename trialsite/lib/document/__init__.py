"""Typed TOML documents: frozen dataclasses whose annotations are the file's format.

A dataclass's fields are the keys of a table; `Annotated[int, Bounds(0, 100)]` and `Annotated[str, Text(60)]` limit their
values; `| None` and a default make a key optional; a tuple is a list, of a fixed length or any; a `Mapping` is a table
whose keys the author chooses. `reader.read_document` reads a document and finds every mistake at once;
`json_schema.schema_of` says the same to editors.
"""
