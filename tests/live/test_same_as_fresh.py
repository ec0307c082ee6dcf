"""The test worth most: after every verb, an old page with what was pushed is the same as a fresh page."""

import random
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.live.screen import Screen
from tests.rows import Rows, said
from webapp.languages import Sentence
from webapp.live.fragments import older_page
from webapp.messaging import accounts, arrange, conversations, history, pictures, settle, spaces
from webapp.messaging.inbox import Filter
from webapp.messaging.read import mark_read
from webapp.messaging.send import delete_unsent, retry, send_text
from webapp.models import AccountState
from webapp.networks import events, matters, sealing
from webapp.networks.actions import Done, SendText
from webapp.networks.contract import History, More
from webapp.networks.events import Batch, ConversationKind, Delivery, MessageRef, Origin

pytestmark = pytest.mark.process  # together they take seconds

GROUP = {"conversation": "kitchen", "kind": ConversationKind.GROUP}


class Story:
    """Alice's account and what happens to it. Every step may be told in any order."""

    def __init__(self, rows: Rows, alice: int, account: int) -> None:
        self.rows, self.alice, self.account = rows, alice, account
        self.count = 0
        rows.arrive(account, said("Hello", "r0"))
        rows.arrive(account, said("Who cooks?", "g0", sender="carol", sender_name="Carol", **GROUP))
        rows.arrive(account, events.MembersChanged("kitchen", (events.Member("carol"),)))
        self.talk = rows.conversation("bob").id
        self.group = rows.conversation("kitchen").id
        rows.arrive(account, events.SpaceChanged("s", "School", ("kitchen",)))
        self.space = rows.database.read(spaces.spaces_of, alice)[0].id

    @property
    def next(self) -> int:
        self.count += 1
        return self.count

    def write(self, verb: Callable[..., object], *args: object, **more: object) -> object:
        return self.rows.database.write(verb, *args, **more)

    def arrives(self) -> None:
        n = self.next
        self.rows.arrive(self.account, said(f"m{n}", f"r{n}", minute=n * 2))

    def arrives_next_day(self) -> None:
        n = self.next
        self.rows.arrive(self.account, said(f"m{n}", f"r{n}", minute=n * 2 + 24 * 60))

    def arrives_in_group(self) -> None:
        n = self.next
        who = ["carol", "dave"][n % 2]
        self.rows.arrive(self.account, said(f"g{n}", f"g{n}", sender=who, sender_name=who.title(), minute=n, **GROUP))

    def a_burst_arrives(self) -> None:
        n = self.next
        self.rows.arrive(self.account, *(said(f"b{n}.{i}", f"b{n}.{i}", minute=n) for i in range(5)))

    def own_from_elsewhere(self) -> None:
        n = self.next
        self.rows.arrive(self.account, said(f"o{n}", f"o{n}", own=True, minute=n))

    def someone_unknown_writes(self) -> None:
        n = self.next
        self.rows.arrive(self.account, said("Hi", f"u{n}", conversation=f"new{n % 3}", sender=f"new{n % 3}", minute=n))

    def something_quiet(self) -> None:
        n = self.next
        self.rows.arrive(self.account, said(f"q{n}", f"q{n}", quiet=True, sender="bob", minute=n))

    def sends(self) -> None:
        self.write(send_text, self.alice, self.talk, f"s{self.next}", str(uuid4()))

    def _begin(self) -> settle.Begun | None:
        entries = self.rows.database.read(settle.due_entries, self.account)
        due = [entry for entry in entries if entry.conversation_id == self.talk]
        epoch = self.rows.epoch(self.account)
        begun = self.write(settle.begin, self.account, epoch, due[0].entry_id) if due else None
        return begun if begun and isinstance(begun.action, SendText) else None

    def is_sent(self) -> None:
        begun = self._begin()
        if begun:
            epoch = self.rows.epoch(self.account)
            self.write(settle.settle_sent, self.account, epoch, begun.entry_id, Done(f"x{self.next}"))

    def is_sent_by_echo(self) -> None:
        begun = self._begin()
        if begun:
            n = self.next
            echo = said(begun.action.body, f"e{n}", own=True, transaction_id=begun.action.transaction_id, minute=n)
            self.rows.arrive(self.account, echo)

    def fails(self) -> None:
        begun = self._begin()
        if begun:
            reason = Sentence("The server said no.")
            self.write(settle.settle_failed, self.account, self.rows.epoch(self.account), begun.entry_id, reason)

    def is_uncertain(self) -> None:
        begun = self._begin()
        if begun:
            self.write(settle.settle_uncertain, self.account, self.rows.epoch(self.account), begun.entry_id)

    def _asking(self) -> list[int]:
        asking = (Delivery.FAILED, Delivery.UNCERTAIN)
        return [message.id for message in self.rows.messages("bob") if message.delivery in asking]

    def tries_again(self) -> None:
        for message_id in self._asking()[:1]:
            self.write(retry, self.alice, message_id)

    def deletes_unsent(self) -> None:
        for message_id in self._asking()[:1]:
            self.write(delete_unsent, self.alice, message_id)

    def is_read_there(self) -> None:
        own = [message for message in self.rows.messages("bob") if message.own and message.remote_id]
        if own:
            ref = MessageRef(remote_id=own[-1].remote_id, reference=own[-1].reference)
            self.rows.arrive(self.account, events.DeliveryChanged("bob", ref, Delivery.READ, up_to=True))

    def reads(self) -> None:
        self.write(mark_read, self.alice, self.talk, self.rows.messages("bob")[-1].id)

    def reads_group(self) -> None:
        self.write(mark_read, self.alice, self.group, self.rows.messages("kitchen")[-1].id)

    def drafts(self) -> None:
        self.write(arrange.save_draft, self.alice, self.talk, f"draft {self.next}" if self.next % 2 else "")

    def pins(self) -> None:
        self.write(arrange.set_pinned, self.alice, self.talk, bool(self.next % 2))

    def pins_group(self) -> None:
        self.write(arrange.set_pinned, self.alice, self.group, bool(self.next % 2))

    def mutes(self) -> None:
        self.write(arrange.set_muted, self.alice, self.talk, bool(self.next % 2))

    def is_kept_otherwise(self) -> None:
        low, marked = bool(self.next % 2), bool(self.next % 3)
        self.rows.arrive(self.account, events.ConversationArranged("bob", low=low, marked_unread=marked))
        self.write(arrange.set_marked_unread, self.alice, self.group, low)

    def spaces_change(self) -> None:
        n = self.next
        self.rows.arrive(self.account, events.SpaceChanged("s", f"School {n}", ("bob", "kitchen", "new1")[n % 2 :]))
        self.rows.arrive(self.account, events.SpaceChanged("t", "Town", ("kitchen",), gone=n % 3 == 0))

    def types(self) -> None:
        self.rows.arrive(self.account, events.TypingChanged("bob", "bob", bool(self.next % 2), "Bob"))

    def comes_and_goes(self) -> None:
        presence = [events.Presence.ONLINE, events.Presence.AWAY][self.next % 2]
        self.rows.arrive(self.account, events.PresenceChanged("bob", presence, "cooking"))

    def gets_a_name(self) -> None:
        self.rows.arrive(self.account, events.ContactChanged("bob", f"Bob the {self.next}th"))

    def members_change(self) -> None:
        members = tuple(events.Member(name, name.title()) for name in ("alice", "carol", "dave")[: 1 + self.next % 3])
        self.rows.arrive(self.account, events.MembersChanged("kitchen", members, complete=True))

    def group_gets_a_topic(self) -> None:
        topic = f"Soup {self.next}"
        change = events.ConversationChanged("kitchen", ConversationKind.GROUP, name="Kitchen", topic=topic)
        self.rows.arrive(self.account, change)

    def is_invited(self) -> None:
        asks = events.InvitationReceived("choir", ConversationKind.GROUP, "carol", "Carol", "Choir")
        self.rows.arrive(self.account, asks)

    def is_asked_by_a_friend(self) -> None:
        asks = events.InvitationReceived("bob", ConversationKind.DIRECT, "bob", "Bob", text=f"It is me {self.next}")
        self.rows.arrive(self.account, asks)

    def answers_the_friend(self) -> None:
        state = [events.ConversationState.JOINED, events.ConversationState.DECLINED][self.next % 2]
        self.write(conversations.answer, self.account, "bob", None, state)

    def is_put_out(self) -> None:
        reason, left = Sentence(f"It was closed {self.next}."), events.ConversationState.LEFT
        change = events.ConversationChanged("kitchen", ConversationKind.GROUP, state=left, reason=reason)
        self.rows.arrive(self.account, change)

    def comes_back(self) -> None:
        joined = events.ConversationState.JOINED
        self.rows.arrive(self.account, events.ConversationChanged("kitchen", ConversationKind.GROUP, state=joined))

    def asks_to_be_let_in(self) -> None:
        asked = events.ConversationState.ASKED
        self.write(conversations.answer, self.account, "kitchen", ConversationKind.GROUP, asked)

    def goes_on_elsewhere(self) -> None:
        gone, there = f"kitchen {self.next}", {"kind": ConversationKind.GROUP}
        self.rows.arrive(self.account, events.ConversationChanged("kitchen", successor=gone, **there))
        if self.next % 2:
            self.rows.arrive(self.account, events.ConversationChanged(gone, name="New kitchen", listed=True, **there))

    def is_bridged_and_crowded(self) -> None:
        told = {"bridged": f"Other {self.next}", "members": 1_000 + self.next, "partner": "carol"}
        for remote_id, kind in (("kitchen", ConversationKind.GROUP), ("bob", ConversationKind.DIRECT)):
            self.rows.arrive(self.account, events.ConversationChanged(remote_id, kind, **told))

    def something_sealed(self) -> None:
        n = self.next
        why = Sentence(f"Its key has not come yet {n // 8}.")
        self.rows.arrive(self.account, said(why, f"k{n}", sealed=True, untrusted=why, minute=n))

    def is_opened(self) -> None:
        for message in [one for one in self.rows.messages("bob") if one.sealed][:1]:
            style = events.Style.EMOTE if self.next % 2 else events.Style.NOTICE
            ref = MessageRef(remote_id=message.remote_id)
            self.rows.arrive(
                self.account, events.MessageOpened("bob", ref, "opened", style=style, quiet=self.count > 9)
            )

    def a_gap_is_found(self) -> None:
        self.rows.arrive(self.account, events.GapFound("bob"), origin=Origin.CATCH_UP)
        self.arrives()

    def history_is_loaded(self) -> None:
        n = self.next
        older = tuple(said(f"h{n}.{i}", f"h{n}.{i}", minute=-n * 10 + i) for i in range(3))
        page = History(Batch(older, Origin.BACKFILL), More.YES)
        self.write(history.store_history, self.account, self.rows.epoch(self.account), self.talk, None, page)

    def is_sealed_otherwise(self) -> None:
        n, words = self.next, Sentence("Somebody listens.")
        level = [sealing.SealLevel.OPEN, sealing.SealLevel.HOUSE][n % 2]
        warning = sealing.SealWarning(f"key {n}", words, words) if n % 3 else None
        for place in ("bob", "kitchen"):
            self.rows.arrive(self.account, sealing.SealChanged(place, sealing.Seal(words, words, level), warning))

    def is_as_everywhere(self) -> None:
        for place in ("bob", "kitchen"):
            self.rows.arrive(self.account, sealing.SealChanged(place))

    def is_somebody_else_perhaps(self) -> None:
        self.rows.arrive(self.account, sealing.TrustChanged("bob", list(sealing.Trust)[self.next % 4]))
        self.rows.arrive(self.account, sealing.TrustChanged("carol", list(sealing.Trust)[self.next % 4]))

    def people_look_different(self) -> None:
        n = self.next
        self.rows.arrive(
            self.account, events.LooksChanged((("bob", f"face {n % 2}"), ("carol", "face 1" if n % 3 else "")))
        )
        for ref in self.rows.database.read(pictures.wanted_pictures, self.account):
            if self.write(pictures.store_picture, self.account, self.rows.epoch(self.account), ref, b"webp"):
                self.write(pictures.tell_of_looks, self.account)

    def something_is_the_matter(self) -> None:
        n, key = self.next, Sentence("Keys")
        urgent = matters.Matter("key", key, matters.Condition.ACT, Sentence(f"Locked {n}."), "unlock", key, bool(n % 2))
        self.rows.arrive(self.account, matters.MattersChanged((urgent,)))

    def account_is_signed_out(self) -> None:
        self._state(AccountState.SIGNED_OUT)

    def account_is_online(self) -> None:
        self._state(AccountState.ONLINE)

    def _state(self, state: AccountState) -> None:
        self.write(accounts.set_state, self.account, state, Sentence("The password changed."))


NO_STEPS = ("write", "history_is_loaded")
STEPS = [name for name, step in vars(Story).items() if callable(step) and name not in NO_STEPS and name[0] != "_"]


@pytest.fixture
def story(rows: Rows, alice: int, account: int) -> Story:
    return Story(rows, alice, account)


def screens(story: Story) -> dict[str, Screen]:
    """Every kind of page that may be open."""
    here = (story.rows, story.alice)
    return {
        "inbox": Screen(*here),
        "direct": Screen(*here, story.talk),
        "group": Screen(*here, story.group),
        "unread": Screen(*here, story.talk, Filter(unread=True)),
        "space": Screen(*here, None, Filter(space_id=story.space)),
        "account": Screen(*here, None, Filter(account_id=story.account)),
    }


def same(open_screens: dict[str, Screen], after: list[str]) -> None:
    for name, screen in open_screens.items():
        screen.push()
        pushed, fresh = screen.parts(), screen.fresh_parts()
        for part in fresh:
            assert pushed[part] == fresh[part], f"{part} of {name} after {after[-6:]}"


@pytest.mark.parametrize("step", STEPS)
def test_after_each_verb_pushed_is_the_same_as_fresh(story: Story, step: str) -> None:
    story.sends()
    open_screens = {name: screen for name, screen in screens(story).items() if name in ("direct", "group", "space")}
    for _ in range(2):
        getattr(story, step)()
        same(open_screens, [step])


@pytest.mark.process
@pytest.mark.parametrize("seed", range(4))
def test_after_any_verbs_in_any_order_pushed_is_the_same_as_fresh(story: Story, seed: int) -> None:
    dice = random.Random(seed)
    open_screens = screens(story)
    told: list[str] = []
    for _ in range(12):
        for _ in range(dice.choice([1, 1, 2, 4])):
            told.append(dice.choice(STEPS))
            getattr(story, told[-1])()
        same(open_screens, told)


def test_a_frame_pushed_twice_is_pushed_once(story: Story) -> None:
    screen = Screen(story.rows, story.alice, story.talk)
    for step in ("arrives", "sends", "is_sent", "pins", "someone_unknown_writes"):
        getattr(story, step)()
        screen.apply(screen.push())
    assert screen.parts() == screen.fresh_parts()


def test_a_conversation_that_is_gone_leaves_the_screen(story: Story) -> None:
    screen = Screen(story.rows, story.alice, story.talk)
    story.write(accounts.remove, story.alice, story.account, keep_history=False)
    screen.push()
    assert "This conversation is gone" in screen.page.get_text()
    assert not screen.page.select("[data-conversation]")


def test_older_messages_that_a_tab_asked_for_stand_in_front(story: Story) -> None:
    screen = Screen(story.rows, story.alice, story.talk)
    story.arrives()
    screen.push()
    story.history_is_loaded()
    before = screen.page.find(id="older")["data-key"]
    html, oldest = story.rows.database.read(older_page, screen.view, story.talk, before, eager=True)
    screen.apply(html)
    screen.view = replace(screen.view, oldest=oldest)
    screen.push()
    assert screen.parts() == screen.fresh_parts()
    story.arrives()
    screen.push()
    assert screen.parts() == screen.fresh_parts()


def test_history_that_another_tab_asked_for_waits_until_this_one_asks(story: Story) -> None:
    screen = Screen(story.rows, story.alice, story.talk)
    story.history_is_loaded()
    screen.push()
    assert [one.get_text(strip=True) for one in screen.page.select("article .message__text")] == ["Hello"]
