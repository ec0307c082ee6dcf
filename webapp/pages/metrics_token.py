"""The key to the figures: made, shown once, and taken back on the page of administrators."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from webapp.messaging.metrics_token import make_metrics_token, revoke_metrics_token
from webapp.pages.access import TheActor, TheAdministrator
from webapp.pages.house import TheHouse
from webapp.pages.rendering import page

router = APIRouter(prefix="/admin/metrics-token")


@router.post("")
def make_token(request: Request, house: TheHouse, user: TheAdministrator, actor: TheActor) -> Response:
    """Show, once, a new token."""
    token = house.database.write(make_metrics_token, house.tokens, user, actor)
    return page(request, "admin/metrics_token.html", token=token, address=f"{house.settings.public_url}/metrics")


@router.post("/revoke")
def revoke_token(house: TheHouse, _: TheAdministrator, actor: TheActor) -> Response:
    """Make the token worthless."""
    house.database.write(revoke_metrics_token, actor)
    return RedirectResponse("/admin#figures", 303)
