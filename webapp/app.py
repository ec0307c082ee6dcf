"""Builds the program: its rooms, what every request passes, and the beginning and the end of a run."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import ModuleType

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import webapp.live
import webapp.pages
from webapp import __version__
from webapp.live.guard import guard_of
from webapp.messaging.errors import NotYours
from webapp.opening import close_house, open_house
from webapp.pages.access import SignInNeeded, sign_in_address
from webapp.pages.answers import wants_fragment
from webapp.pages.confirming import ConfirmationNeeded, ask_again
from webapp.pages.errors import error_page
from webapp.pages.house import House
from webapp.pages.middleware.bodies import BodyLimit
from webapp.pages.middleware.counting import Counting
from webapp.pages.middleware.headers import SecurityHeaders, security_headers
from webapp.pages.middleware.hosts import OurHosts
from webapp.pages.middleware.identity import Identity
from webapp.pages.middleware.same_site import SameSite
from webapp.settings import Settings

log = structlog.get_logger("hausbote")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(settings: Settings, house: House | None = None) -> FastAPI:
    """The program for these settings. ``house`` is one that is open already; else it is opened at the start."""
    app = FastAPI(
        title="Hausbote",
        version=__version__,
        lifespan=_lifespan(settings, house),
        middleware=_middleware(settings),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    for package in (webapp.pages, webapp.live):
        _include(app, package)
    _answer_errors(app, settings)
    return app


def _lifespan(settings: Settings, given: House | None) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        house = await run_in_threadpool(open_house, settings) if given is None else given
        try:
            app.state.house = house
            await run_in_threadpool(house.keeper.start)
            guard = asyncio.create_task(guard_of(app).run(house.database, house.hub))
            yield
            guard.cancel()
        finally:
            await run_in_threadpool(close_house, house)

    return lifespan


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside in."""
    proxies = [Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))]
    return [
        *(proxies if settings.trusted_proxies else []),
        Middleware(Counting),
        Middleware(SecurityHeaders, settings=settings),
        Middleware(OurHosts, settings=settings),
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        Middleware(Identity),
        Middleware(BodyLimit),
        Middleware(SameSite),
    ]


def _include(app: FastAPI, package: ModuleType) -> None:
    """Every module of a package that has a ``router``."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        router = getattr(importlib.import_module(found.name), "router", None)
        if router is not None:
            app.include_router(router)


def _answer_errors(app: FastAPI, settings: Settings) -> None:
    """Errors as pages, in the language of whoever asked."""

    @app.exception_handler(SignInNeeded)
    def sign_in_first(request: Request, error: SignInNeeded) -> Response:
        if wants_fragment(request):  # a sign-in form must not be put into a page that is half drawn
            return Response(status_code=401, headers={"HX-Redirect": sign_in_address("/")})
        return RedirectResponse(sign_in_address(error.where), 303)

    @app.exception_handler(ConfirmationNeeded)
    def password_first(request: Request, needed: ConfirmationNeeded) -> Response:
        return ask_again(request, needed)

    @app.exception_handler(NotYours)
    def not_yours(request: Request, _error: NotYours) -> Response:
        return error_page(request, 404)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        return error_page(request, error.status_code)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> Response:
        in_path = any(part["loc"][:1] == ("path",) for part in error.errors())
        return error_page(request, 404 if in_path else 422)

    @app.exception_handler(Exception)
    def mistake(request: Request, error: Exception) -> Response:
        log.error("a page failed", route=getattr(request.scope.get("route"), "path", ""), exc_info=error)
        answer = error_page(request, 500)
        # This answer is made outside of the middleware.
        for name, value in security_headers(settings).items():
            answer.headers.setdefault(name, value)
        return answer
