"""That this data and this master key belong together."""

from sqlmodel import Session

from webapp.messaging.options import option, set_option
from webapp.vault import Vault, WrongKey

CHECK_VALUE = "vault.check_value"


def has_check_value(db: Session) -> bool:
    """Whether a master key was used with this database before."""
    return option(db, CHECK_VALUE) != ""


def check_master_key(db: Session, vault: Vault) -> None:
    """Raises WrongKey, before anything is changed, unless it is the master key of this database."""
    known = option(db, CHECK_VALUE)
    if known and not vault.is_mine(known):
        raise WrongKey(
            "This is not the master key that the data was sealed with. Nothing was changed. "
            "Set HAUSBOTE_KEY_FILE to the right file, or HAUSBOTE_DATA_DIR to the right folder."
        )


def remember_master_key(db: Session, vault: Vault) -> None:
    """On the first start: from now on, this key and no other."""
    if not has_check_value(db):
        set_option(db, CHECK_VALUE, vault.check_value())
