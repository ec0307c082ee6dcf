"""XMPP (RFC 6120, 6121 and many XEPs): any server, and the people on all the others."""

from webapp.languages import N_, Sentence
from webapp.networks.capabilities import Capabilities, Level
from webapp.networks.contract import Credentials, Network, Session, Surroundings
from webapp.networks.login import Login, WrongInput
from webapp.networks.xmpp.addresses import NoAddress, typed
from webapp.networks.xmpp.login import XmppLogin
from webapp.networks.xmpp.session import XmppSession


class Xmpp(Network):
    """The network as the rest sees it."""

    key = "xmpp"
    label = "XMPP"
    summary = Sentence(
        N_("Reaches everybody with an XMPP (Jabber) address. Needs an account on an XMPP server of your choice.")
    )
    seal = Sentence(N_("Encrypted to the server, not end to end: the servers of both sides could read this."))
    seal_in_short = Sentence(N_("Encrypted to the server"))
    capabilities = Capabilities(
        longest_text=10_000,
        groups=Level.FULL,
        create_group=Level.FULL,
        join_by_address=Level.FULL,
        invite=Level.FULL,
        leave=Level.FULL,
        subject=Level.FULL,
        contacts=Level.FULL,
        presence=Level.FULL,
        history=Level.FULL,
        receipts=Level.PARTIAL,
        typing=Level.FULL,
        read_sync=Level.FULL,
    )

    def login(self, surroundings: Surroundings, known: Credentials | None = None) -> Login:
        return XmppLogin(surroundings, known)

    def session(self, credentials: Credentials, surroundings: Surroundings) -> Session:
        return XmppSession(credentials, surroundings)

    def check_address(self, address: str) -> str:
        try:
            return typed(address)
        except NoAddress:
            raise WrongInput(
                Sentence(N_("This is not an XMPP address. It looks like anna@example.org.")), "address"
            ) from None


network = Xmpp()
