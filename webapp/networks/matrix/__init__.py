"""Matrix (specification v1.15): any homeserver and its people, and by its bridges many other networks."""

from webapp.languages import N_, Sentence
from webapp.networks.capabilities import Capabilities, Level
from webapp.networks.contract import Credentials, Network, Session, Surroundings
from webapp.networks.login import Login, WrongInput
from webapp.networks.matrix.addresses import NoAddress, typed
from webapp.networks.matrix.login import MatrixLogin
from webapp.networks.matrix.session import MatrixSession


class Matrix(Network):
    """The network as the rest sees it."""

    key = "matrix"
    label = "Matrix"
    summary = Sentence(
        N_("Reaches everybody on Matrix, and other messengers by its bridges. Needs an account on a homeserver.")
    )
    seal = Sentence(N_("Encrypted to the server, not end to end: the servers of both sides could read this."))
    seals_differ = Sentence(
        N_("Encrypted from end to end where the conversation is; each one says who can read along.")
    )
    seal_in_short = Sentence(N_("Encrypted to the server"))
    opaque_ids = True
    capabilities = Capabilities(
        longest_text=20_000,
        groups=Level.FULL,
        create_group=Level.FULL,
        join_by_address=Level.FULL,
        invite=Level.FULL,
        leave=Level.FULL,
        rename=Level.FULL,
        subject=Level.FULL,
        presence=Level.FULL,
        history=Level.FULL,
        receipts=Level.PARTIAL,
        typing=Level.FULL,
        read_sync=Level.FULL,
        arrangement=Level.FULL,
        forget=Level.FULL,
        leave_space=Level.FULL,
        formatting=Level.FULL,
    )

    def login(self, surroundings: Surroundings, known: Credentials | None = None) -> Login:
        return MatrixLogin(surroundings, known)

    def session(self, credentials: Credentials, surroundings: Surroundings) -> Session:
        return MatrixSession(credentials, surroundings)

    def check_address(self, address: str) -> str:
        try:
            return str(typed(address))
        except NoAddress:
            told = N_("This is not a Matrix address. It looks like @anna:example.org or #garden:example.org.")
            raise WrongInput(Sentence(told), "address") from None


network = Matrix()
