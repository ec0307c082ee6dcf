"""``/metrics``: figures for whoever watches over the house (Prometheus text format), from this machine only.

No names, no addresses, no content: how many requests of which kind and how long they took, how many open tabs, how
many accounts in which state.
"""

from ipaddress import ip_address

from fastapi import APIRouter, HTTPException, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

from webapp.models import AccountState
from webapp.pages.house import TheHouse

router = APIRouter()

REGISTRY = CollectorRegistry()
REQUESTS = Counter("hausbote_requests", "Answers given", ["method", "status"], registry=REGISTRY)
SECONDS = Histogram("hausbote_request_seconds", "How long answers took", registry=REGISTRY)
SOCKETS = Gauge("hausbote_sockets", "Open tabs", registry=REGISTRY)
ACCOUNTS = Gauge("hausbote_accounts", "Accounts on networks", ["state"], registry=REGISTRY)


@router.get("/metrics")
def metrics(request: Request, house: TheHouse) -> Response:
    """The figures; for anybody else than this machine there is nothing here."""
    through_a_proxy = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if through_a_proxy or not _is_this_machine(request.client.host if request.client else ""):
        raise HTTPException(404)
    counted = house.keeper.states()
    for state in AccountState:
        ACCOUNTS.labels(state.value).set(counted.get(state, 0))
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
