"""What the house writes down about itself: events with named facts, never content, names or secrets (S27).

Only the facts in ALLOWED are written, whatever a caller or a library hands over. Libraries that would print stanzas,
passwords or addresses are only heard when something is wrong.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = {
    *("event", "level", "timestamp", "logger", "version", "role", "host", "port", "address", "path", "database"),
    *("user_id", "account_id", "conversation_id", "message_id", "sign_in_id", "network", "state", "attempt"),
    *("seconds", "count", "status", "method", "route", "reason", "error", "kind", "exception", "signal", "name"),
}
QUIET = ("slixmpp", "nio", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "alembic", "httpx", "websockets")


def _only_allowed(_logger: object, _method: str, facts: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in facts.items() if name in ALLOWED}


def _in_short(_logger: object, _method: str, facts: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception becomes its type and the places in our code: its words may quote what somebody wrote."""
    trouble = facts.pop("exc_info", None)
    error = sys.exc_info()[1] if trouble is True else trouble[1] if isinstance(trouble, tuple) else trouble
    if isinstance(error, BaseException):
        facts["error"] = type(error).__name__
        facts["exception"] = " < ".join(_places(error))
    return facts


def _places(error: BaseException) -> list[str]:
    places, step = [], error.__traceback__
    while step:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{step.tb_lineno}:{code.co_name}")
        step = step.tb_next
    return places[::-1][:12]


def set_up_logs(level: str = "info", form: str = "text") -> None:
    """Write to standard error, as lines for people or as JSON. Replaces what was set up before."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_short,
    ]
    last = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _only_allowed, last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(name).propagate = True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
