"""A report as it is put together: its sections, and the data that it is about."""

from dataclasses import dataclass

from analysis.charts.shapes import Chart
from analysis.monitoring.tables import FigureTable


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of the report under its heading."""

    slug: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[FigureTable, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class DataCut:
    """Which data the report is about. `look`: None for the live report, whose rows are not frozen."""

    look: int | None
    taken_at: str
    sha256: str
    protocol_version: str
    protocol_sha256: str
