"""What each network and account gets from the installation: folders and their keys, authorities, switches."""

from webapp.database import Database
from webapp.messaging.accounts import folder_key_of
from webapp.messaging.options import switches_of
from webapp.networks import networks
from webapp.networks.contract import Surroundings
from webapp.settings import Settings
from webapp.vault import Vault


class SurroundingsMaker:
    """Reads the settings and the administrator's switches anew each time, so a changed switch counts at once."""

    def __init__(self, settings: Settings, database: Database, vault: Vault) -> None:
        self._settings = settings
        self._database = database
        self._vault = vault

    def shared(self, network_key: str) -> Surroundings:
        """For a network as a whole, or a sign-in whose account does not exist yet."""
        return self._make(network_key, "sign-in")

    def of_account(self, network_key: str, account_id: int) -> Surroundings:
        """For one account."""
        key = self._database.read(folder_key_of, self._vault, account_id)
        return self._make(network_key, str(account_id), key)

    def _make(self, network_key: str, name: str, key: bytes = b"") -> Surroundings:
        folder = self._settings.data_dir / "networks" / network_key
        return Surroundings(
            shared_folder=folder / "shared",
            folder=folder / name,
            extra_ca_file=self._settings.extra_ca_file,
            private_servers=self._settings.private_servers,
            switches=self._database.read(switches_of, networks()[network_key]),
            key=key,
        )
