"""What a page may ask for: the house's parts, and who is asking."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from webapp.database import Database
from webapp.hub import Hub
from webapp.lock import FolderLock
from webapp.sessions.keeper import Keeper
from webapp.settings import Settings
from webapp.tokens import Tokens
from webapp.vault import Vault


@dataclass(frozen=True)
class House:
    """The parts of one running installation, made by ``opening``."""

    settings: Settings
    database: Database
    hub: Hub
    vault: Vault
    tokens: Tokens
    keeper: Keeper
    lock: FolderLock


def house_of(connection: HTTPConnection) -> House:
    """The house that serves this request or websocket."""
    house: House = connection.app.state.house
    return house


async def _house(request: Request) -> House:  # async: a thread would cost more than looking
    return house_of(request)


TheHouse = Annotated[House, Depends(_house)]
