"""Files into a study: ratings in long form, and records of a form. By the rules of the browser, all of a file or none."""

from assessments.importing.importer import Importer
from assessments.importing.plan import ImportPlan

__all__ = ["ImportPlan", "Importer"]
