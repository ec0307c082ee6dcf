"""``/metrics``: figures for whoever watches over the house (Prometheus text format), from this machine or with a token.

No names, no addresses, no content: how many requests of which kind and how long they took, how many open tabs, how
many accounts in which state.
"""

from ipaddress import ip_address

from fastapi import APIRouter, HTTPException, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

from webapp.messaging.metrics_token import may_see_figures
from webapp.models import AccountState
from webapp.pages.house import House, TheHouse
from webapp.tokens import Purpose, TokenRefused

router = APIRouter()

REGISTRY = CollectorRegistry()
REQUESTS = Counter("hausbote_requests", "Answers given", ["method", "status"], registry=REGISTRY)
SECONDS = Histogram("hausbote_request_seconds", "How long answers took", registry=REGISTRY)
SOCKETS = Gauge("hausbote_sockets", "Open tabs", registry=REGISTRY)
ACCOUNTS = Gauge("hausbote_accounts", "Accounts on networks", ["state"], registry=REGISTRY)


@router.get("/metrics")
def metrics(request: Request, house: TheHouse) -> Response:
    """The figures; for anybody else than this machine, and whoever has the token, there is nothing here."""
    if not (_comes_from_here(request) or _has_token(request, house)):
        raise HTTPException(404)
    counted = house.keeper.states()
    for state in AccountState:
        ACCOUNTS.labels(state.value).set(counted.get(state, 0))
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _has_token(request: Request, house: House) -> bool:
    """Whether the token of RFC 6750, section 2.1, is the one that is good."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        return scheme.lower() == "bearer" and house.database.read(
            may_see_figures, house.tokens.check(Purpose.METRICS, token.strip())
        )
    except TokenRefused:
        return False


def _comes_from_here(request: Request) -> bool:
    through_a_proxy = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return not through_a_proxy and _is_this_machine(request.client.host if request.client else "")


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
