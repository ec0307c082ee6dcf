"""What a person does with a conversation of theirs: draft, pin, silence, marks; and what they ask its network for."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlmodel import Session
from starlette.responses import Response

from webapp.languages import N_, Sentence
from webapp.markup import clean_name
from webapp.messaging.access import account_of, conversation_of
from webapp.messaging.arrange import save_draft, set_low, set_marked_unread, set_muted, set_pinned
from webapp.messaging.errors import NotPossible, NotYours
from webapp.messaging.seals import forget_warning
from webapp.models import User
from webapp.networks import actions, network
from webapp.networks.errors import Trouble
from webapp.networks.events import ConversationKind
from webapp.networks.login import WrongInput
from webapp.pages.access import TheUser
from webapp.pages.answers import done, go_to, refused
from webapp.pages.house import House, TheHouse
from webapp.pages.ids import Id

router = APIRouter(prefix="/conversations/{conversation_id:int}")

Text = Annotated[str, Form()]
LONGEST_SUBJECT = 1_000


@router.post("/draft")
def draft(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, body: Text = "") -> Response:
    """Keep what was typed so far."""
    return _write(request, house, user, conversation_id, lambda db: save_draft(db, user.id, conversation_id, body))


@router.post("/pin")
def pin(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, on: Text = "") -> Response:
    """Keep it at the top of the inbox, or let it go."""
    return _write(request, house, user, conversation_id, lambda db: set_pinned(db, user.id, conversation_id, bool(on)))


@router.post("/mute")
def mute(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, on: Text = "") -> Response:
    """Let it be quiet, or not."""
    return _write(request, house, user, conversation_id, lambda db: set_muted(db, user.id, conversation_id, bool(on)))


@router.post("/low")
def low(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, on: Text = "") -> Response:
    """Let its row be a quiet one, or not."""
    return _write(request, house, user, conversation_id, lambda db: set_low(db, user.id, conversation_id, bool(on)))


@router.post("/mark")
def mark(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, on: Text = "") -> Response:
    """Have it look unread, or not any more."""

    def verb(db: Session) -> None:
        set_marked_unread(db, user.id, conversation_id, bool(on))

    return _write(request, house, user, conversation_id, verb)


def _write(
    request: Request, house: House, user: User, conversation_id: int, verb: Callable[[Session], None]
) -> Response:
    try:
        house.database.write(verb)
    except NotPossible as error:
        return refused(request, user, conversation_id, error.reason)
    return done(request, f"/conversations/{conversation_id}")


@router.post("/typing")
def typing(house: TheHouse, user: TheUser, conversation_id: Id, typing: Text = "") -> Response:
    """Tell the others that the person types, or stopped."""
    house.keeper.typing(user.id, conversation_id, bool(typing))
    return Response(status_code=204)


@router.post("/accept")
def accept(request: Request, house: TheHouse, user: TheUser, conversation_id: Id) -> Response:
    """Join the group, or accept the contact, that asked."""
    return _answer(request, house, user, conversation_id, actions.AcceptInvitation)


@router.post("/decline")
def decline(request: Request, house: TheHouse, user: TheUser, conversation_id: Id) -> Response:
    """Do not join, do not become a contact."""
    return _answer(request, house, user, conversation_id, actions.DeclineInvitation)


def _answer(
    request: Request, house: House, user: User, conversation_id: int, action: Callable[[str], actions.Action]
) -> Response:
    """An answered invitation is a conversation; but for one into a space, which is gone then.

    A group is opened anew: what was said in it before can be asked for now.
    """
    answer = _ask(request, house, user, conversation_id, action)
    try:
        conversation = house.database.read(conversation_of, user.id, conversation_id)
    except NotYours:
        return go_to(request, "/")
    if answer.status_code >= 400 or conversation.kind == ConversationKind.DIRECT:
        return answer
    return go_to(request, f"/conversations/{conversation_id}")


@router.post("/acknowledge")
def acknowledge(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, key: Text = "") -> Response:
    """The person has seen the warning and goes on all the same."""

    def seen(remote_id: str) -> actions.Action:
        return actions.Acknowledge(remote_id, key)

    answer = _ask(request, house, user, conversation_id, seen)
    if answer.status_code < 400:
        house.database.write(forget_warning, user.id, conversation_id, key)
    return answer


@router.post("/leave")
def leave(request: Request, house: TheHouse, user: TheUser, conversation_id: Id) -> Response:
    """Leave the group; what was said stays."""
    return _ask(request, house, user, conversation_id, actions.LeaveGroup, in_details=True)


@router.post("/forget")
def forget(request: Request, house: TheHouse, user: TheUser, conversation_id: Id) -> Response:
    """Have a group that was left disappear, here and out there."""
    answer = _ask(request, house, user, conversation_id, actions.ForgetGroup)
    return answer if answer.status_code >= 400 else go_to(request, "/")


@router.post("/name")
def rename(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, name: Text = "") -> Response:
    """Call the group something else, for everybody in it."""
    wanted = clean_name(name)

    def another(remote_id: str) -> actions.Action:
        return actions.RenameGroup(remote_id, wanted)

    return _ask(request, house, user, conversation_id, another, in_details=True, typed_name=name)


@router.post("/subject")
def subject(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, subject: Text = "") -> Response:
    """Give the group another subject."""
    words = subject.strip()[:LONGEST_SUBJECT]

    def another(remote_id: str) -> actions.Action:
        return actions.SetSubject(remote_id, words)

    return _ask(request, house, user, conversation_id, another, in_details=True, typed_subject=subject)


@router.post("/invite")
def invite(request: Request, house: TheHouse, user: TheUser, conversation_id: Id, address: Text = "") -> Response:
    """Ask somebody into the group."""

    def invitation(remote_id: str) -> actions.Action:
        return actions.InviteMembers(remote_id, (_checked(house, user.id, conversation_id, address),))

    return _ask(request, house, user, conversation_id, invitation, in_details=True, typed_address=address)


def _checked(house: House, user_id: int, conversation_id: int, address: str) -> str:
    """The normal form of an address on the conversation's network. Raises WrongInput."""
    conversation = house.database.read(conversation_of, user_id, conversation_id)
    account = house.database.read(account_of, user_id, conversation.account_id)
    kind = network(account.network)
    if kind is None or not address.strip():
        raise WrongInput(Sentence(N_("Type the address of whom you want to invite.")))
    return kind.check_address(address)


def _ask(
    request: Request,
    house: House,
    user: User,
    conversation_id: int,
    action: Callable[[str], actions.Action],
    **typed: str | bool,
) -> Response:
    """Have the network do something with this conversation, while the person waits."""
    conversation = house.database.read(conversation_of, user.id, conversation_id)
    try:
        house.keeper.ask(user.id, conversation.account_id, action(conversation.remote_id))
    except (Trouble, WrongInput) as error:
        return refused(request, user, conversation_id, error.reason, **typed)
    return done(request, f"/conversations/{conversation_id}")
