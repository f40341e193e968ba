"""Ratings of a long-form file into a study: by the same rules as the browser, all of them or none."""

from assessments.importing.importer import Importer
from assessments.importing.plan import Change, Plan

__all__ = ["Change", "Importer", "Plan"]
