"""The XML namespaces that we speak, each with the document that defines it."""

CLIENT = "jabber:client"
STREAM = "http://etherx.jabber.org/streams"
STREAM_ERROR = "urn:ietf:params:xml:ns:xmpp-streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
STANZA_ERROR = "urn:ietf:params:xml:ns:xmpp-stanzas"
ROSTER = "jabber:iq:roster"  # RFC 6121
FORM = "jabber:x:data"  # XEP-0004
DISCO_INFO = "http://jabber.org/protocol/disco#info"  # XEP-0030
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"
MUC = "http://jabber.org/protocol/muc"  # XEP-0045
MUC_USER = MUC + "#user"
MUC_OWNER = MUC + "#owner"
MUC_ADMIN = MUC + "#admin"
RSM = "http://jabber.org/protocol/rsm"  # XEP-0059
PUBSUB = "http://jabber.org/protocol/pubsub"  # XEP-0060
PUBSUB_EVENT = PUBSUB + "#event"
PUBLISH_OPTIONS = PUBSUB + "#publish-options"
OOB = "jabber:x:oob"  # XEP-0066
GEOLOC = "http://jabber.org/protocol/geoloc"  # XEP-0080
CHAT_STATES = "http://jabber.org/protocol/chatstates"  # XEP-0085
CAPS = "http://jabber.org/protocol/caps"  # XEP-0115
NICK = "http://jabber.org/protocol/nick"  # XEP-0172
RECEIPTS = "urn:xmpp:receipts"  # XEP-0184
SM = "urn:xmpp:sm:3"  # XEP-0198
PING = "urn:xmpp:ping"  # XEP-0199
DELAY = "urn:xmpp:delay"  # XEP-0203
CONFERENCE = "jabber:x:conference"  # XEP-0249
CARBONS = "urn:xmpp:carbons:2"  # XEP-0280
FORWARD = "urn:xmpp:forward:0"  # XEP-0297
CORRECT = "urn:xmpp:message-correct:0"  # XEP-0308
MAM = "urn:xmpp:mam:2"  # XEP-0313
MARKERS = "urn:xmpp:chat-markers:0"  # XEP-0333
HINTS = "urn:xmpp:hints"  # XEP-0334
JINGLE_MESSAGE = "urn:xmpp:jingle-message:0"  # XEP-0353
STANZA_IDS = "urn:xmpp:sid:0"  # XEP-0359
ENCRYPTION = "urn:xmpp:eme:0"  # XEP-0380
OMEMO_LEGACY = "eu.siacs.conversations.axolotl"  # XEP-0384 before 0.4
OMEMO = "urn:xmpp:omemo:2"
BOOKMARKS = "urn:xmpp:bookmarks:1"  # XEP-0402
OCCUPANT_ID = "urn:xmpp:occupant-id:0"  # XEP-0421
FASTEN = "urn:xmpp:fasten:0"  # XEP-0422
RETRACT = "urn:xmpp:message-retract:1"  # XEP-0424
RETRACT_OLD = "urn:xmpp:message-retract:0"
MODERATE = "urn:xmpp:message-moderate:1"  # XEP-0425
MODERATE_OLD = "urn:xmpp:message-moderate:0"
REACTIONS = "urn:xmpp:reactions:0"  # XEP-0444
FILE_METADATA = "urn:xmpp:file:metadata:0"  # XEP-0446
FILE_SHARING = "urn:xmpp:sfs:0"  # XEP-0447
URL_DATA = "http://jabber.org/protocol/url-data"  # XEP-0103
READ_POSITIONS = "urn:xmpp:mds:displayed:0"  # XEP-0490


def tag(namespace: str, name: str) -> str:
    """The name of an element as ElementTree writes it."""
    return f"{{{namespace}}}{name}"


MESSAGE, PRESENCE, IQ = (tag(CLIENT, name) for name in ("message", "presence", "iq"))
BODY, SUBJECT = tag(CLIENT, "body"), tag(CLIENT, "subject")
