"""The demo trial and a person for every role at every place, as in the tests of access."""

from tests.access.conftest import demo_database, people, places

__all__ = ["demo_database", "people", "places"]
