"""What the network's own archives hold (XEP-0313), as the far side reads them."""

from tests.delivery.xmpp_scene import XmppScene
from tests.far_side import FarSide

Entry = tuple[str, str]
"""The id and the text of a message."""
WITH = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
    "<field var='with'><value>{}</value></field></x>"
)


def archive_of(scene: XmppScene, who: str, name: str) -> list[Entry]:
    """Alice's messages to one conversation, in order, as ``who`` finds them."""
    other = name if who == "alice" else "alice"
    return scene.run(_read(scene, who, other, scene.room if name == "room" else None))


async def _read(scene: XmppScene, who: str, other: str, room: str | None) -> list[Entry]:
    filter_ = "" if room else WITH.format(f"{other}@{scene.prosody.host}")
    far = FarSide(f"{who}@{scene.prosody.host}", "pw", scene.prosody.port, scene.prosody.ca_file, device="archive")
    await far.sign_in()
    after = ""
    while True:
        page = f"<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>{after}</set>"
        answer = await far.ask("set", f"<query xmlns='urn:xmpp:mam:2'>{filter_}{page}</query>", room)
        last = answer.findtext(".//{http://jabber.org/protocol/rsm}last")
        if last is None:
            break
        after = f"<after>{last}</after>"
    await far.sign_out()
    inner = [stanza.find(".//{urn:xmpp:forward:0}forwarded/{jabber:client}message") for stanza in far.stanzas]
    found = [(m.get("id", ""), m.findtext("{jabber:client}body") or "") for m in inner if m is not None]
    return [(name, body) for name, body in found if body.startswith("out ")]
