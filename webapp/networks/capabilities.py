"""What a network can do, as data. The screen asks these, never the network's name."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How well something works."""

    NONE = 0
    PARTIAL = 1
    FULL = 2


@dataclass(frozen=True)
class Capabilities:
    """The abilities of a network, or of one conversation in it.

    Lengths are in Unicode code points. ``rename`` is about what a group is called, ``subject`` about what it talks of
    just now. ``history`` says if older messages can be asked for; ``receipts`` if the other side tells what it received
    and read; ``read_sync`` if the read position follows the person's other devices; ``formatting`` if formatted text
    goes out and comes in; ``arrangement`` if how the person keeps a conversation (pinned, muted …) follows them to
    their other devices; ``forget`` if a group that was left can be forgotten; ``leave_space`` if a space can be left.
    """

    longest_text: int = 10_000
    direct: Level = Level.FULL
    groups: Level = Level.NONE
    create_group: Level = Level.NONE
    join_by_address: Level = Level.NONE
    invite: Level = Level.NONE
    leave: Level = Level.NONE
    rename: Level = Level.NONE
    subject: Level = Level.NONE
    contacts: Level = Level.NONE
    presence: Level = Level.NONE
    history: Level = Level.NONE
    receipts: Level = Level.NONE
    typing: Level = Level.NONE
    read_sync: Level = Level.NONE
    formatting: Level = Level.NONE
    arrangement: Level = Level.NONE
    forget: Level = Level.NONE
    leave_space: Level = Level.NONE
