"""Whoever asks by an id gets what is theirs, and hears of nothing else (S12)."""

import pytest

from tests.rows import Rows, said
from webapp.messaging.access import account_behind, account_of, conversation_of, message_of
from webapp.messaging.errors import NotYours


@pytest.mark.parametrize("look_up", [account_of, account_behind, conversation_of, message_of])
def test_an_id_of_somebody_else_is_no_id(rows: Rows, look_up) -> None:
    alice, mallory = rows.person("Alice"), rows.person("Mallory")
    account = rows.account(alice)
    rows.account(mallory, address="mallory@toy")
    rows.arrive(account, said("for Alice alone", "m1"))
    conversation, (message,) = rows.conversation(), rows.messages()
    wanted = {account_of: account, message_of: message.id}.get(look_up, conversation.id)
    assert rows.database.read(look_up, alice, wanted)
    for nobodys in (wanted + 1000, 0, -1):
        with pytest.raises(NotYours):
            rows.database.read(look_up, alice, nobodys)
    with pytest.raises(NotYours):
        rows.database.read(look_up, mallory, wanted)
