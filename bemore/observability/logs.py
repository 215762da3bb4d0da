"""Logs: one line an event, for people on a console or as JSON for machines. Ids and counts only, never what was said."""

import contextlib
import logging
import os
import time
from contextvars import ContextVar

import msgspec

#: The id of the request that this thread works on, or worked on last; None in commands and in threads that serve no request.
request_id = ContextVar("request_id", default=None)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _fields(record):
    fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    request = request_id.get()
    return fields if request is None else {**fields, "request_id": request}


def _when(record):
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03}Z"


class ConsoleFormatter(logging.Formatter):
    """``time level logger message name=value …``"""

    def format(self, record):
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{_when(record)} {record.levelname.lower():7} {record.name} {record.getMessage()} {fields}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record):
        line = {"time": _when(record), "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode({**line, **_fields(record)}, enc_hook=str).decode()


class HideRequests(logging.Filter):
    """Takes what gunicorn quotes of a request out of its messages: paths and headers hold ids, names and tokens."""

    def filter(self, record):
        if record.msg.startswith("Invalid request from ip="):
            record.msg = "request refused: not valid HTTP"
        elif record.msg.startswith("Error handling request"):
            error = record.exc_info[0].__name__ if record.exc_info else None
            record.msg, record.args, record.exc_info, record.error = "error while handling a request", (), None, error
        return True


class AccessLog:
    """The line of every request, in the form of the other lines but without their machinery, which costs five times as much."""

    def __init__(self):
        self._logger = logging.getLogger("bemore.access")
        self._second = (0, "")

    def wanted(self):
        """Whether the logger lets such lines through."""
        return self._logger.isEnabledFor(logging.INFO)

    def write(self, method, route, status, ms, request_id, client):
        """Write the line to stderr, in one call, so that lines of several processes do not mix."""
        now = time.time()
        second, text = self._second
        if int(now) != second:
            second, text = self._second = int(now), time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        when = f"{text}.{int(now * 1000) % 1000:03}Z"
        if AccessLog.as_json:
            line = msgspec.json.encode(
                {
                    "time": when, "level": "info", "logger": "bemore.access", "message": "request", "method": method, "route": route,
                    "status": status, "ms": ms, "request_id": request_id, "client": client,
                }
            ) + b"\n"  # fmt: skip
        else:
            fields = f"method={method} route={route} status={status} ms={ms} request_id={request_id} client={client}"
            line = f"{when} info    bemore.access request {fields}\n".encode("utf-8", "replace")
        with contextlib.suppress(OSError):  # nobody reads the log any more; the request itself is done
            os.write(2, line)

    #: Set with the rest of the logging.
    as_json = False


def config(settings):
    """The ``logging.config`` dictionary for ``settings``; gunicorn's own messages come out in the same form."""
    AccessLog.as_json = settings.log_format == "json"
    formatter = JsonFormatter if AccessLog.as_json else ConsoleFormatter
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "filters": {"hide requests": {"()": HideRequests}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "bemore": {"level": level},
            # At its debug level gunicorn quotes paths, and with them ids and names.
            "gunicorn.error": {
                "level": "INFO" if level == "DEBUG" else level,
                "filters": ["hide requests"],
                "handlers": ["stderr"],
                "propagate": False,
            },
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }
