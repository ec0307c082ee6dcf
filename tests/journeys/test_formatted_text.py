"""Foreign HTML in the browser: whatever is in it, nothing runs, nothing is asked for, nothing takes over the page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from tests.journeys.people import PASSWORD, Person
from tests.journeys.stage import Stage
from tests.journeys.test_foreign_text import Watched
from tests.nasty import NASTY
from webapp.formatted import formatted
from webapp.messaging.accounts import add_account
from webapp.messaging.audit import COMMAND_LINE
from webapp.messaging.leases import take_lease
from webapp.messaging.receive import receive
from webapp.messaging.users import add_user
from webapp.models import AccountState, Role
from webapp.networks.events import Batch, ConversationKind, MessageReceived, Origin
from webapp.networks.login import SignedIn
from webapp.passwords import hash_password
from webapp.vault import Vault

A_PAGE = 40
LOOKS = "<p>canary <b>{}</b></p>", "<a href='https://a.example/'>{}</a>", "<h2>{}</h2><ul><li>x</ul>", "{}"


def _heard(db: Session, vault: Vault) -> None:
    """Alice has an account, and somebody who sent her all of it."""
    alice = add_user(db, vault, "Alice", hash_password(PASSWORD), Role.ADMINISTRATOR, COMMAND_LINE)
    account = add_account(db, vault, alice.id, "toy", SignedIn("alice@toy", {"password": "any"}, "alice@toy"))
    texts = [text for text in (look.format(nasty) for nasty in NASTY for look in LOOKS) if formatted(text) is not None]
    said = [_said(f"bob{number // A_PAGE}", number, text) for number, text in enumerate(texts)]
    receive(db, account.id, take_lease(db, account.id), Batch(tuple(said), Origin.CATCH_UP), None)
    account.state = AccountState.STOPPED


def _said(who: str, number: int, text: str) -> MessageReceived:
    at = datetime.now(UTC) - timedelta(hours=1)
    return MessageReceived(who, ConversationKind.DIRECT, f"r{number}", who, f"m{number}", at, formatted=text)


def test_formatted_text_only_looks(stage: Stage, person: Callable[..., Person]) -> None:
    stage.write(_heard)
    stage.program.start()
    alice = person("Alice").signs_in()
    watched = Watched(alice)
    drawn, rows = 0, alice.page.get_by_role("list", name="Conversations").get_by_role("link")
    for name in rows.filter(has_text="bob").locator(".conversation-row__name").all_inner_texts():
        alice.opens(name)
        watched.look(name)
        drawn += alice.log().locator(".message__text--formatted").count()
    assert drawn > 100
    assert watched.found == []
