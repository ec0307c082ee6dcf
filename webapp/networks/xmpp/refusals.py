"""What others decline, and why: from an error stanza to words for people."""

from xml.etree.ElementTree import Element

from webapp.languages import N_, Sentence
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.names import CLIENT, STANZA_ERROR, tag


class Declined(Exception):
    """An answer of type error. ``condition`` as in RFC 6120 section 8.3.3."""

    def __init__(self, condition: str, text: str = "") -> None:
        super().__init__(condition)
        self.condition = condition
        self.text = text


def error_of(element: Element) -> tuple[str, str]:
    """The condition of an error stanza, and its text when it has one."""
    error = element.find(tag(CLIENT, "error"))
    parts = [] if error is None else list(error)
    names = [p.tag.rpartition("}")[2] for p in parts if p.tag.startswith(f"{{{STANZA_ERROR}}}")]
    text = "" if error is None else error.findtext(tag(STANZA_ERROR, "text"), "")
    return next((name for name in names if name != "text"), "undefined-condition"), tidy_name(text, 300)


_REFUSALS = {
    "service-unavailable": N_("There is nobody at this address, or nobody who can get messages now."),
    "item-not-found": N_("There is nobody at this address."),
    "recipient-unavailable": N_("There is nobody at this address, or nobody who can get messages now."),
    "remote-server-not-found": N_("The other server was not found. Check the part of the address after the @."),
    "remote-server-timeout": N_("The other server does not answer."),
    "forbidden": N_("You may not do this here."),
    "not-allowed": N_("You may not do this here."),
    "not-authorized": N_("You may not do this here without a password or an invitation."),
    "registration-required": N_("Only members may enter this group. Ask one of them to invite you."),
    "not-acceptable": N_("You are not in this group, or the message is not allowed in it."),
    "policy-violation": N_("The server does not allow this message."),
    "conflict": N_("This name is already taken there."),
    "gone": N_("There is nobody at this address any more."),
}


def refusal(condition: str, text: str = "") -> Sentence:
    """What an error means, in words; the other side's own words are added when it has some."""
    said = Sentence(_REFUSALS.get(condition, N_("The other side refused.")))
    if not text:
        return said
    return Sentence(N_("%(said)s (The server says: %(text)s)"), {"said": said, "text": text})
