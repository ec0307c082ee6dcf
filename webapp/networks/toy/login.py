"""Two steps: something to type, something to look at."""

from webapp.languages import N_, Sentence
from webapp.networks.contract import Credentials
from webapp.networks.login import Field, FieldKind, Form, Login, Show, SignedIn, Step, WrongInput

WRONG_PASSWORD = "wrong"  # noqa: S105 (the one that the pretend network does not accept)


class ToyLogin(Login):
    """The dialogue of the pretend network."""

    def __init__(self, known: Credentials | None) -> None:
        self._address = known.address if known else ""
        self._password = ""

    async def start(self) -> Step:
        return Form(
            title=Sentence(N_("Your toy account")),
            fields=(
                Field("address", Sentence(N_("Address")), FieldKind.TEXT, value=self._address),
                Field("password", Sentence(N_("Password")), FieldKind.PASSWORD),
            ),
            button=Sentence(N_("Connect")),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        if self._password:
            return SignedIn(self._address, {"password": self._password}, name=self._address)
        address = answers.get("address", "").strip()
        if not address:
            raise WrongInput(Sentence(N_("Type an address, any will do.")), "address")
        if answers.get("password", "") in ("", WRONG_PASSWORD):
            raise WrongInput(Sentence(N_("The toy network does not accept this password.")), "password")
        self._address, self._password = address, answers["password"]
        return Show(
            title=Sentence(N_("Look at this code")),
            explanation=Sentence(N_("Other networks want it scanned with a phone. Here it is enough to go on.")),
            qr=f"toy:{address}",
            buttons=(("next", Sentence(N_("Go on"))),),
        )
