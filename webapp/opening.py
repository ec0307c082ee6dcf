"""Opening the house: its lock, its key, its tables, in an order that changes nothing until all is well."""

import structlog
from sqlalchemy import inspect

from webapp.database import Database
from webapp.hub import Hub
from webapp.lock import FolderLock, make_private
from webapp.messaging.installation import check_master_key, has_check_value, remember_master_key
from webapp.messaging.sign_ins import forget_old_sign_ins
from webapp.messaging.throttle import forget_old
from webapp.pages.house import House
from webapp.schema import migrate, schema_version
from webapp.sessions.keeper import Keeper
from webapp.settings import Settings
from webapp.tokens import Tokens
from webapp.vault import Vault

log = structlog.get_logger("hausbote")


def open_house(settings: Settings, lock: FolderLock | None = None) -> House:
    """A house that is ready to start. Raises Unusable (InUse, WrongKey, NewerSchema)."""
    lock = lock or FolderLock(settings.data_dir)
    try:
        hub = Hub()
        database, vault = open_database(settings, hub)
        database.write(forget_old_sign_ins)
        database.write(forget_old)
    except BaseException:
        lock.release()
        raise
    keeper = Keeper(settings, database, hub, vault)
    return House(settings, database, hub, vault, Tokens(vault.derive), keeper, lock)


def close_house(house: House) -> None:
    """End every session politely, finish what was begun, and let another process in."""
    try:
        house.keeper.stop()
        house.database.close()
    finally:
        house.lock.release()


def open_database(settings: Settings, hub: Hub) -> tuple[Database, Vault]:
    """The rows, brought up to date, and the vault that fits them. On WrongKey and NewerSchema nothing changed."""
    make_private(settings.data_dir)
    database = Database(settings.engine_url, hub)
    try:
        vault = _open_vault(settings, database)
        if _has_tables(database):
            database.read(check_master_key, vault)
        migrate(database.engine)
        database.write(remember_master_key, vault)
    except BaseException:
        database.close()
        raise
    return database, vault


def _open_vault(settings: Settings, database: Database) -> Vault:
    """The vault of the key file. A key is only made where nothing was sealed before."""
    path = settings.key_file.expanduser()
    if path.exists() or (_has_tables(database) and database.read(has_check_value)):
        return Vault.open(path)
    vault = Vault.create(path)
    log.warning("a new master key was made; keep a copy of it in a safe place, apart from the backups", path=str(path))
    return vault


def _has_tables(database: Database) -> bool:
    return schema_version(database.engine) is not None and inspect(database.engine).has_table("instance_option")
