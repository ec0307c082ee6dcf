"""Decisions of the administrator, with their defaults."""

from collections.abc import Mapping

from sqlmodel import Session, select

from webapp.models import InstanceOption
from webapp.networks.contract import Network

YES, NO = "yes", "no"


def option(db: Session, key: str, default: str = "") -> str:
    """What was decided, else ``default``."""
    row = db.get(InstanceOption, key)
    return row.value if row else default


def set_option(db: Session, key: str, value: str) -> None:
    """Decide."""
    db.merge(InstanceOption(key=key, value=value))


def is_offered(db: Session, network: Network) -> bool:
    """Whether people may add accounts of this network."""
    return option(db, f"network.{network.key}.offered", YES if network.offered else NO) == YES


def set_offered(db: Session, network: Network, offered: bool) -> None:
    """Offer a network, or stop offering it; accounts that exist stay."""
    set_option(db, f"network.{network.key}.offered", YES if offered else NO)


def switches_of(db: Session, network: Network) -> Mapping[str, bool]:
    """The switches of a network, by key: what ``Surroundings.switches`` holds."""
    decided = {row.key: row.value for row in db.exec(select(InstanceOption))}
    return {
        switch.key: decided.get(f"network.{network.key}.{switch.key}", YES if switch.default else NO) == YES
        for switch in network.switches
    }


def set_switch(db: Session, network: Network, key: str, on: bool) -> None:
    """Turn a switch of a network; unknown keys are ignored."""
    if any(switch.key == key for switch in network.switches):
        set_option(db, f"network.{network.key}.{key}", YES if on else NO)
