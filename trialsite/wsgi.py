"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
application = get_wsgi_application()

from django.db import connection  # noqa: E402 - after Django is set up
from django.urls import get_resolver  # noqa: E402

from trialsite.audit.readiness import refuse_unfit  # noqa: E402

refuse_unfit(connection)
# Every view's module now, not at the first request: the first visitor does not wait, and gunicorn's --preload
# loads them once for all its processes.
get_resolver().url_patterns  # noqa: B018 - a cached property
# gunicorn may fork from here (--preload), and processes must not share a connection.
connection.close()
