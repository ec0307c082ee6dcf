"""What the person wants to be told of (Client-Server API, "Push rules"): which rooms are silent, which messages call.

The rules are kept on the homeserver and shared by all of the person's programs. The server cannot look into encrypted
messages, so we judge every event ourselves, and get the same for one that is not encrypted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.networks.matrix.globs import matches, occurs

KINDS = ("override", "content", "room", "sender", "underride")
"""In this order; the first rule that fits decides."""
MOST_RULES = 2_000
_OF_OLD = {".m.rule.contains_display_name", ".m.rule.contains_user_name", ".m.rule.roomnotif"}
"""Guesses from the text; nothing is guessed where the event says itself whom it calls ("User and room mentions")."""
_PART = re.compile(r"(?:[^.\\]|\\.)+")
_COUNT = re.compile(r"(==|<=|>=|<|>)?([0-9]{1,9})")


@dataclass(frozen=True)
class Circumstances:
    """What a rule may ask about besides the event itself."""

    members: int
    name: str
    """What the person is called in the room."""
    may_notify_room: bool = False
    """Whether the sender may call the whole room."""


@dataclass(frozen=True)
class Verdict:
    """What the rules say of an event: the person wants to know, and it calls them by name or in another way."""

    notify: bool = False
    highlight: bool = False
    chosen: bool = field(default=False, compare=False)
    """The person has made this rule; it is none of those that everybody has from the start."""


class PushRules:
    """The content of ``m.push_rules``; foreign, so what makes no sense in it is no rule."""

    def __init__(self, content: object) -> None:
        self._rules = [rule for kind in KINDS for rule in _rules_of(content, kind)][:MOST_RULES]

    def judge(self, event: Mapping[str, Any], around: Circumstances) -> Verdict:
        """What the person wants of this event (decrypted, if it was encrypted)."""
        fitting = (rule for rule in self._rules if rule.fits(event, around))
        return next((rule.verdict for rule in fitting), Verdict())

    @property
    def silent(self) -> set[str]:
        """The rooms of which the person wants to hear nothing, or only what calls them by name."""
        return {rule.room for rule in self._rules if rule.room and not rule.verdict.notify}

    def is_silent(self, room: str) -> bool:
        """Whether a room is one of these."""
        return bool(self.silencing(room))

    def silencing(self, room: str) -> list[tuple[str, str]]:
        """The rules that make a room silent, by kind and id."""
        quiet = (rule for rule in self._rules if rule.room == room and not rule.verdict.notify)
        return [(rule.kind, rule.id) for rule in quiet if room]


@dataclass(frozen=True)
class _Rule:
    conditions: tuple[Mapping[str, Any], ...]
    verdict: Verdict
    room: str = ""
    """The room that this rule is all about, where it is about one."""
    kind: str = ""
    id: str = ""

    def fits(self, event: Mapping[str, Any], around: Circumstances) -> bool:
        if self.id in _OF_OLD and _says_whom_it_calls(event):
            return False
        return all(_holds(condition, event, around) for condition in self.conditions)


def _says_whom_it_calls(event: Mapping[str, Any]) -> bool:
    content = event.get("content")
    return isinstance(content, Mapping) and "m.mentions" in content


def _rules_of(content: object, kind: str) -> Iterator[_Rule]:
    sets = content.get("global") if isinstance(content, Mapping) else None
    rules = sets.get(kind) if isinstance(sets, Mapping) else None
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, Mapping) and rule.get("enabled", True) is True:
            conditions = _conditions(rule, kind)
            if conditions is not None:
                name = rule.get("rule_id")
                name = name if isinstance(name, str) else ""
                verdict = _verdict(rule.get("actions"), bool(name) and not name.startswith("."))
                yield _Rule(conditions, verdict, _room(rule, kind, conditions), kind, name)


def _conditions(rule: Mapping[str, Any], kind: str) -> tuple[Mapping[str, Any], ...] | None:
    """The conditions of a rule; three kinds have one that goes without saying. None for a rule that makes no sense."""
    name = rule.get("rule_id")
    if kind == "content":
        return _matching("content.body", rule.get("pattern"))
    if kind == "room":
        return _matching("room_id", name)
    if kind == "sender":
        return _matching("sender", name)
    conditions = rule.get("conditions", [])
    if not isinstance(conditions, list) or not all(isinstance(one, Mapping) for one in conditions):
        return None
    return tuple(conditions)


def _matching(key: str, pattern: object) -> tuple[Mapping[str, Any], ...] | None:
    return ({"kind": "event_match", "key": key, "pattern": pattern},) if isinstance(pattern, str) else None


def _room(rule: Mapping[str, Any], kind: str, conditions: tuple[Mapping[str, Any], ...]) -> str:
    if kind not in ("room", "override") or len(conditions) != 1:
        return ""
    only = conditions[0]
    is_room = only.get("kind") == "event_match" and only.get("key") == "room_id"
    pattern = only.get("pattern")
    return pattern if is_room and isinstance(pattern, str) else ""


def _verdict(actions: object, chosen: bool) -> Verdict:
    given = actions if isinstance(actions, list) else []
    tweaks = [one for one in given if isinstance(one, Mapping) and one.get("set_tweak") == "highlight"]
    return Verdict("notify" in given, any(tweak.get("value", True) is True for tweak in tweaks), chosen)


def _holds(condition: Mapping[str, Any], event: Mapping[str, Any], around: Circumstances) -> bool:
    """Whether a condition is true; one that we do not know is not."""
    match condition.get("kind"):
        case "event_match":
            return _event_match(event, condition.get("key"), condition.get("pattern"))
        case "event_property_is" | "event_property_contains" as kind:
            return _property(event, condition, contains=kind == "event_property_contains")
        case "contains_display_name":
            return bool(around.name) and _event_match(event, "content.body", _literally(around.name))
        case "room_member_count":
            return _counts(condition.get("is"), around.members)
        case "sender_notification_permission":
            return condition.get("key") == "room" and around.may_notify_room
        case _:
            return False


def _property(event: Mapping[str, Any], condition: Mapping[str, Any], *, contains: bool) -> bool:
    key, wanted = condition.get("key"), condition.get("value")
    there = _at(event, key) if isinstance(key, str) else None
    if contains:
        return isinstance(there, list) and any(_is_same(one, wanted) for one in there)
    return _is_same(there, wanted)


def _event_match(event: Mapping[str, Any], key: object, pattern: object) -> bool:
    if not isinstance(key, str) or not isinstance(pattern, str):
        return False
    there = _at(event, key)
    if not isinstance(there, str):
        return False
    return occurs(pattern, there) if key == "content.body" else matches(pattern, there)


def _literally(name: str) -> str:
    """A name as a pattern: what stands for other letters in patterns may stand for one letter in names."""
    return name.replace("*", "?")


def _at(event: Mapping[str, Any], key: str) -> object:
    """What stands at a dotted path; dots and backslashes in names are escaped with a backslash."""
    here: object = event
    for part in _PART.findall(key)[:20]:
        if not isinstance(here, Mapping):
            return None
        here = here.get(re.sub(r"\\(.)", _unescaped, part))
    return here


def _unescaped(found: re.Match[str]) -> str:
    return found[1] if found[1] in ".\\" else found[0]


def _is_same(there: object, wanted: object) -> bool:
    """Equal and of one kind: in JSON ``true`` is not 1. Only plain values are compared."""
    return type(there) is type(wanted) and isinstance(wanted, str | int | bool | None) and there == wanted


def _counts(wanted: object, members: int) -> bool:
    found = _COUNT.fullmatch(wanted) if isinstance(wanted, str) else None
    if not found:
        return False
    limit = int(found[2])
    compared = {"==": members == limit, "<": members < limit, ">": members > limit}
    compared |= {"<=": members <= limit, ">=": members >= limit}
    return compared[found[1] or "=="]
