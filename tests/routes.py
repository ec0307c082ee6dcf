"""Every address of the program, read from the program."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute


def all_routes(app: FastAPI) -> Iterator[APIRoute]:
    """Every route for HTTP; an included router is looked into."""
    for route in app.routes:
        inside = getattr(route, "original_router", None)
        for one in inside.routes if inside else [route]:
            if isinstance(one, APIRoute):
                yield one
