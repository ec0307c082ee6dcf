"""The pages that are not the inbox and move while one looks: networks, one of them, people, settings."""

from collections.abc import Callable, Sequence

from sqlmodel import Session

from webapp import changes as c
from webapp.live.fragments import concern_the_counts, draw_for, draw_unread, partial
from webapp.live.tabs import View
from webapp.messaging import account_cards, people_list
from webapp.messaging.errors import NotYours

_OF_PEOPLE = (c.AccountChanged, c.ContactsChanged, c.LooksChanged)


def page_frame(db: Session, view: View, changes: Sequence[c.Change]) -> str:
    """Everything of this tab that these changes made stale, drawn anew."""
    stale = _OF_PEOPLE if view.people is not None else c.AccountChanged
    counted = draw_unread(db, view) if concern_the_counts(changes) else ""
    return counted + (_snapshot_of(view)(db, view) if any(isinstance(change, stale) for change in changes) else "")


def page_snapshot(db: Session, view: View) -> str:
    """All that moves on the page as it is now, for a tab whose line was cut."""
    return _snapshot_of(view)(db, view) + draw_unread(db, view)


def _snapshot_of(view: View) -> Callable[[Session, View], str]:
    if view.people is not None:
        return _people
    if view.account_id is not None:
        return _account
    return _keys if view.keys else _accounts


def _keys(db: Session, view: View) -> str:
    """What the accounts want their owner to know, on the page of settings."""
    html = draw_for(view, "settings/_keys.html", accounts=account_cards.cards_of(db, view.user_id))
    return partial("keys-list", "outerMorph", html)


def _people(db: Session, view: View) -> str:
    """Whom one can write to, as far as the words on the page narrow it."""
    words = view.people or ""
    html = draw_for(view, "people/_people.html", people=people_list.contacts_of(db, view.user_id, words), words=words)
    return partial("people", "outerMorph", html)


def _accounts(db: Session, view: View) -> str:
    """The accounts on the page of networks; they are few, and what was in focus stays so."""
    html = draw_for(view, "networks/_accounts.html", accounts=account_cards.cards_of(db, view.user_id))
    return partial("accounts", "outerMorph", html)


def _account(db: Session, view: View) -> str:
    """One account on its page; once it was removed the page stays as it was."""
    try:
        card = account_cards.card_of(db, view.user_id, view.account_id or 0)
    except NotYours:
        card = None
    html = draw_for(view, "networks/_details.html", account=card) if card else ""
    return partial("account", "outerMorph", html) if card else ""
