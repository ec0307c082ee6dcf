"""``/admin/invites`` and links to set a password: how an administrator lets people in. Links are shown, never kept."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from webapp.messaging.invites import make_invite, open_invite, open_invites, revoke_invite, token_of
from webapp.messaging.resets import make_reset_token
from webapp.models import Invite, Role, User
from webapp.pages.access import TheActor, TheAdministrator, TheUnaskedAdministrator
from webapp.pages.confirming import ask_unless_fresh
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id
from webapp.pages.rendering import page

router = APIRouter()
LIFETIMES = {"1": timedelta(hours=1), "24": timedelta(days=1), "72": timedelta(days=3), "168": timedelta(days=7)}


@dataclass(frozen=True)
class Invitation:
    """An open invite with its link, and the link as a code to scan."""

    invite: Invite
    link: str
    code: "Code"


@dataclass(frozen=True)
class Code:
    """A QR code as one path: a square of ``size`` modules with its quiet border."""

    size: int
    path: str


def code_of(text: str) -> Code:
    """The QR code (ISO/IEC 18004) of a text, drawn without any style of its own."""
    made = segno.make(text, error="m", micro=False)
    rows = list(made.matrix_iter(border=4))
    runs = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return Code(len(rows), "".join(runs))


def open_invitations(house: House) -> list[Invitation]:
    """The invites that can still be used, with their links."""
    found = []
    for invite in house.database.read(open_invites):
        link = f"{house.settings.public_url}/invite/{token_of(house.tokens, invite)}"
        found.append(Invitation(invite, link, code_of(link)))
    return found


async def _may_invite(request: Request, _: TheUnaskedAdministrator, role: Annotated[str, Form()] = "") -> str:
    """Who lets another administrator in types the password (A11); members are let in without."""
    if role != Role.MEMBER:
        await ask_unless_fresh(request)
    return role


async def _may_show(request: Request, house: TheHouse, _: TheUnaskedAdministrator, invite_id: Id) -> Invite | None:
    """The same for the link of an invite that is there already."""
    invite = await house.database.from_database(open_invite, invite_id)
    if invite is None or invite.role is not Role.MEMBER:
        await ask_unless_fresh(request)
    return invite


def may_be_shown(invitation: Invitation, fresh: bool) -> bool:
    """A link that makes an administrator is only shown to whoever typed the password lately."""
    return fresh or invitation.invite.role is Role.MEMBER


@router.post("/admin/invites")
def create_invite(
    house: TheHouse,
    actor: TheActor,
    role: Annotated[str, Depends(_may_invite)],
    valid_for: Annotated[str, Form()] = "",
) -> Response:
    """Make an invite and show its link."""
    if role not in set(Role) or valid_for not in LIFETIMES:
        raise HTTPException(422)
    invite = house.database.write(make_invite, Role(role), LIFETIMES[valid_for], actor)
    return RedirectResponse(f"/admin?invite={invite.id}#invite", 303)


@router.post("/admin/invites/{invite_id}/link")
def show_link(invite: Annotated[Invite | None, Depends(_may_show)], invite_id: Id) -> Response:
    """Show the link of an invite once more."""
    if invite is None:
        raise HTTPException(404)
    return RedirectResponse(f"/admin?invite={invite_id}#invite", 303)


@router.post("/admin/invites/{invite_id}/revoke")
def take_back(house: TheHouse, _: TheAdministrator, actor: TheActor, invite_id: Id) -> Response:
    """Make an invite worthless."""
    if not house.database.write(revoke_invite, invite_id, actor):
        raise HTTPException(404)
    return RedirectResponse("/admin#invite", 303)


@router.post("/admin/people/{user_id}/reset-link")
def make_reset_link(request: Request, house: TheHouse, _: TheAdministrator, actor: TheActor, user_id: Id) -> Response:
    """Show, once, a link with which this person chooses a new password. The person sees that it was made (A10)."""
    person = house.database.read(lambda db: db.get(User, user_id))
    if person is None or person.disabled_at is not None:
        raise HTTPException(404)
    link = f"{house.settings.public_url}/reset/{house.database.write(make_reset_token, house.tokens, user_id, actor)}"
    return page(request, "admin/reset_link.html", person=person, link=link, code=code_of(link))
