"""What a user of this house may be called."""

import re
import unicodedata

from webapp.languages import N_, Sentence
from webapp.networks.login import WrongInput

LONGEST = 40
ALLOWED_SIGNS = " ._-"
FIELD = "name"


def name_key(name: str) -> str:
    """What makes two names the same: compatibility form, caseless, single spaces (Unicode TR15, TR36)."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", folded)).strip()


def check_name(typed: str) -> str:
    """The name as it is kept. Raises WrongInput for what cannot be shown, told apart or typed again."""
    name = unicodedata.normalize("NFC", typed).strip(" ")
    if not name:
        raise WrongInput(Sentence(N_("Please type a user name.")), FIELD)
    if len(name) > LONGEST:
        raise WrongInput(Sentence(N_("A user name has at most %(count)s characters."), {"count": LONGEST}), FIELD)
    if not all(_is_allowed(sign) for sign in name) or not any(sign.isalnum() for sign in name):
        raise WrongInput(
            Sentence(N_("A user name is made of letters, figures, spaces, dots, hyphens and underscores.")), FIELD
        )
    return re.sub(r" +", " ", name)


def _is_allowed(sign: str) -> bool:
    """Letters with their marks, figures and four signs; so no control, invisible or direction-changing characters."""
    return sign in ALLOWED_SIGNS or unicodedata.category(sign) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"}
