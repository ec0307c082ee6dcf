"""House: the built-in network between the people of one instance. It needs no other server and no sign-in.

Its medium is a log (``log``): every group and every pair of people has one, everything said is appended, and each
member's session reads on from its checkpoint. So it gives the same promises as the networks outside, by the same
mechanism: nothing is lost while somebody is away, nothing arrives twice.
"""

from webapp.languages import N_, Sentence, translations
from webapp.networks.capabilities import Capabilities, Level
from webapp.networks.contract import Credentials, Network, Resident, Surroundings, Switch
from webapp.networks.house.log import HouseLog, house_log
from webapp.networks.house.login import NoLogin
from webapp.networks.house.session import HouseSession
from webapp.networks.login import Login, SignedIn

FAMILY = "family"


class House(Network):
    """The network of the people who live here."""

    key = "house"
    label = N_("House")
    summary = Sentence(N_("The people of this house. Nothing to set up; messages never leave this server."))
    seal = Sentence(N_("Stays on this server; whoever runs it could read it."))
    seal_in_short = Sentence(N_("Stays on this server"))
    built_in = True
    capabilities = Capabilities(
        longest_text=20_000,
        groups=Level.FULL,
        create_group=Level.FULL,
        invite=Level.FULL,
        leave=Level.FULL,
        rename=Level.FULL,
        contacts=Level.NONE,
        history=Level.FULL,
        receipts=Level.FULL,
        typing=Level.FULL,
        read_sync=Level.FULL,
    )
    switches = (
        Switch(
            "family_group",
            Sentence(N_("Family group")),
            Sentence(N_("A group with everyone in it, from the first day on.")),
            default=True,
        ),
    )

    def enrol(self, resident: Resident, surroundings: Surroundings) -> SignedIn:
        """Everyone who has a sign-in here lives here."""
        log = house_log(surroundings.shared_folder)
        log.add_resident(resident.key, resident.name)
        if surroundings.switches.get("family_group", True):
            log.open_group(FAMILY, translations(resident.language).gettext(N_("Family")), everyone=True)
        return SignedIn(address=resident.name, credentials={"resident": resident.key}, name=resident.name)

    def configure(self, surroundings: Surroundings) -> None:
        """Open or close the family group."""
        log = house_log(surroundings.shared_folder)
        if surroundings.switches.get("family_group", True):
            log.open_group(FAMILY, "", everyone=True)
        else:
            log.close_group(FAMILY)

    def login(self, surroundings: Surroundings, known: Credentials | None = None) -> Login:
        """There is none: whoever is signed in here is in."""
        return NoLogin(surroundings, known)

    def session(self, credentials: Credentials, surroundings: Surroundings) -> HouseSession:
        """One person's ears and mouth."""
        return HouseSession(credentials.secrets["resident"], house_log(surroundings.shared_folder))


network = House()

__all__ = ["House", "HouseLog", "network"]
