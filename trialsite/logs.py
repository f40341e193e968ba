"""One line of JSON for each log entry, with the request it belongs to."""

from typing import Any

import structlog

from trialsite.lib.request_id import request_id


def add_request(_logger: Any, _name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The id that the audit trail and the answer's X-Request-ID carry as well."""
    if current := request_id.get():
        entry["request"] = current
    return entry


def logging_config() -> dict[str, Any]:
    """Django's LOGGING. Celery keeps it: its own set-up of logging is off."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    add_request,
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {"axes": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
    }
