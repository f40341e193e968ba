"""The page templates that a form file may choose, by the name that stands in the file."""

LAYOUTS = {"column": "assessments/entry/layouts/column.html"}
