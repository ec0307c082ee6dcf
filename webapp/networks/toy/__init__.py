"""Toy: a complete pretend network. It is documentation, development server and test bench at once.

Read this folder to see how a network is added: these four files, a symbol, and nothing anywhere else. It has one
friend, Echo, who repeats what is said, and one group, the Sandpit, with a few hundred older messages. Some words make
things happen that other networks only do at night:

=================  ==========================================================
said               what happens
=================  ==========================================================
``drop``           the line breaks while the message is on its way
``refuse``         the network refuses the message
``sign me out``    the network ends the sign-in
``hello sandpit``  somebody in the Sandpit answers
``lock``           the toy chest is locked: a matter that wants its owner
=================  ==========================================================

Some more make Echo show what a message or a conversation may be: see ``tricks``. Whoever asks for the address ``club``
has to be let in.
"""

from webapp.languages import N_, Sentence
from webapp.networks.capabilities import Capabilities, Level
from webapp.networks.contract import Credentials, Network, Surroundings
from webapp.networks.login import Login
from webapp.networks.toy.login import ToyLogin
from webapp.networks.toy.session import ToySession
from webapp.networks.toy.world import world


class Toy(Network):
    """The pretend network."""

    key = "toy"
    label = N_("Toy")
    summary = Sentence(N_("A pretend network for trying things out. Any address and password will do."))
    seal = Sentence(N_("Pretend: nothing leaves this program."))
    seal_in_short = Sentence(N_("Only pretend"))
    offered = False
    capabilities = Capabilities(
        longest_text=2_000,
        groups=Level.PARTIAL,
        history=Level.FULL,
        receipts=Level.FULL,
        typing=Level.FULL,
        formatting=Level.FULL,
        arrangement=Level.FULL,
        forget=Level.FULL,
        leave_space=Level.FULL,
    )

    def login(self, surroundings: Surroundings, known: Credentials | None = None) -> Login:
        """Address and password, then a code to look at."""
        return ToyLogin(known)

    def session(self, credentials: Credentials, surroundings: Surroundings) -> ToySession:
        """One account's line into the pretend world."""
        return ToySession(credentials.address, world(surroundings.shared_folder))


network = Toy()
