"""What happened when we are suddenly not in a room any more, in words (XEP-0045 sections 8.2, 9.1 and 10.9)."""

from xml.etree.ElementTree import Element

from webapp.languages import N_, Sentence
from webapp.networks.xmpp.contents import tidy_name
from webapp.networks.xmpp.names import MUC_USER, tag
from webapp.networks.xmpp.room import DESTROYED

LONGEST_REASON = 300
_WORDS = {
    DESTROYED: N_("This group was closed for good by whoever it belongs to."),
    "301": N_("A moderator banned you from this group."),
    "307": N_("A moderator sent you out of this group. You may come back."),
    "321": N_("You were taken off the list of members of this group. Ask one of them to invite you again."),
    "322": N_("This group is for its members only now. Ask one of them to invite you."),
}
"""By status code, the gravest first."""
_NO_CODE = N_("The server took you out of this group.")
_REASONS = tuple(
    f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, part)}/{tag(MUC_USER, 'reason')}" for part in ("destroy", "item")
)


def why_out(codes: set[str], stanza: Element) -> Sentence:
    """What the last presence of ours in a room says; the words of whoever did it are added where there are some."""
    said = Sentence(next((words for code, words in _WORDS.items() if code in codes), _NO_CODE))
    text = next((words for path in _REASONS if (words := tidy_name(stanza.findtext(path), LONGEST_REASON))), "")
    if not text:
        return said
    return Sentence(N_("%(said)s The reason that was given: %(text)s"), {"said": said, "text": text})
