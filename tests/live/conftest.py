from tests.messaging.conftest import account, alice, rows

__all__ = ["account", "alice", "rows"]
