"""From the protocol file's tables to Protocol: every mistake is found at once, each by its key."""

from collections.abc import Mapping

from enrollment.protocol import checks, deviations, instruments, sources
from enrollment.protocol.instruments import Catalogue
from enrollment.protocol.model import Protocol, ProtocolError
from trialsite.lib.document.problems import Problem
from trialsite.lib.document.reader import read_document

__all__ = ["ProtocolError", "parse"]


# A key that a file had when it was loaded → its name today.
RENAMED = {"beside": "exploratory_endpoints"}


def parse(document: Mapping[str, object], catalogue: Catalogue | None = None) -> Protocol:
    """Read a document (of a file, or the JSON kept in the database).

    `catalogue`: the instruments that the protocol may use, when it is loaded; a kept one is not asked again.

    Raises ProtocolError with all mistakes, and no other exception whatever the document holds. Checks that
    hold one part of the file against another leave out the parts that could not be read.
    """
    if not isinstance(document, Mapping):
        raise ProtocolError(read_document(Protocol, document).problems)
    if catalogue is None:
        document = _named_as_today(document)
    content = {str(name): value for name, value in document.items() if name != "sources"}
    reading = read_document(Protocol, content)
    protocol = Protocol(**reading.values)
    problems: list[Problem] = [*reading.problems, *checks.problems(protocol, reading.unread)]
    forms = {use.code for use in protocol.forms} if "forms" not in reading.unread else set()
    problems += deviations.problems(protocol.deviations, forms, reading.unread)
    if catalogue is not None and "instruments" not in reading.unread:
        problems += instruments.problems(protocol, catalogue)
    problems += sources.problems(content, document.get("sources"))
    if problems:
        raise ProtocolError(problems)
    return protocol


def _named_as_today(table: Mapping[str, object]) -> dict[str, object]:
    """`table`, and what its sources are about, under the names that its keys have today."""
    named = {RENAMED.get(str(name), str(name)): value for name, value in table.items()}
    sources = named.get("sources")
    return named | ({"sources": _named_as_today(sources)} if isinstance(sources, Mapping) else {})
