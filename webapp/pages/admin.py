"""``/admin``: the people, the networks that are offered, the record of what was done. No content (S13)."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from sqlmodel import Session, col, func, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from webapp.messaging.audit import Actor, latest_entries, note
from webapp.messaging.metrics_token import has_metrics_token
from webapp.messaging.options import is_offered, set_offered, set_switch, switches_of
from webapp.messaging.sign_ins import is_fresh
from webapp.messaging.users import LastAdministrator, all_users, disable, enable
from webapp.models import SignIn, User
from webapp.models.columns import now
from webapp.networks import network, networks
from webapp.pages.access import TheActor, TheAdministrator, TheSignIn
from webapp.pages.audit_words import in_words
from webapp.pages.house import TheHouse
from webapp.pages.ids import Id
from webapp.pages.invitations import may_be_shown, open_invitations
from webapp.pages.rendering import page

router = APIRouter()
PAGE = "admin/page.html"


@router.get("/admin")
def show_admin(
    request: Request,
    house: TheHouse,
    user: TheAdministrator,
    sign_in: TheSignIn,
    wrong: str = "",
    asking: bool = False,
    invite: int | None = None,
) -> Response:
    """Everything on one page; ``asking`` shows the form for an invite, ``invite`` the link of one, if asked lately."""
    facts = house.database.read(_facts)
    invitations = open_invitations(house)
    fresh = is_fresh(sign_in, now())
    shown = next((one for one in invitations if one.invite.id == invite and may_be_shown(one, fresh)), None)
    return page(
        request,
        PAGE,
        **facts,
        person=user,
        invitations=invitations,
        shown=shown,
        asking=asking,
        wrong=wrong,
    )


def _facts(db: Session) -> dict[str, Any]:
    last_seen = select(SignIn.user_id, func.max(col(SignIn.last_used_at))).group_by(col(SignIn.user_id))
    return {
        "people": all_users(db),
        "last_seen": dict(db.exec(last_seen).all()),
        "entries": in_words(db, latest_entries(db)),
        "has_metrics_token": has_metrics_token(db),
        "offers": [(kind, is_offered(db, kind), switches_of(db, kind)) for kind in networks().values()],
    }


@router.post("/admin/people/{user_id}/disable")
def disable_user(house: TheHouse, user: TheAdministrator, actor: TheActor, user_id: Id) -> Response:
    """Keep somebody out, at once and on every device."""
    _person(house, user_id)
    if user_id == user.id:
        return RedirectResponse("/admin?wrong=yourself", 303)
    try:
        house.database.write(disable, user_id, actor)
    except LastAdministrator:
        return RedirectResponse("/admin?wrong=last", 303)
    return RedirectResponse("/admin", 303)


@router.post("/admin/people/{user_id}/enable")
def enable_user(house: TheHouse, _: TheAdministrator, actor: TheActor, user_id: Id) -> Response:
    """Let somebody in again."""
    _person(house, user_id)
    house.database.write(enable, user_id, actor)
    return RedirectResponse("/admin", 303)


@router.post("/admin/networks/{key}")
async def save_network(request: Request, house: TheHouse, _: TheAdministrator, actor: TheActor, key: str) -> Response:
    """Which networks there are, and how; everything that is not ticked is off."""
    ticked = set((await request.form()).keys())
    await house.database.in_database(_save_network, key, ticked, actor)
    await run_in_threadpool(house.keeper.switches_changed, key)
    return RedirectResponse("/admin#networks", 303)


def _save_network(db: Session, key: str, ticked: set[str], actor: Actor) -> None:
    kind = network(key)
    if kind is None:
        raise HTTPException(404)
    set_offered(db, kind, kind.built_in or "offered" in ticked)
    for switch in kind.switches:
        set_switch(db, kind, switch.key, f"switch-{switch.key}" in ticked)
    note(db, "network_switched", actor, detail=key)


def _person(house: TheHouse, user_id: int) -> User:
    found = house.database.read(lambda db: db.get(User, user_id))
    if found is None:
        raise HTTPException(404)
    return found
