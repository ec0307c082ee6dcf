"""End-to-end encryption of Matrix (Client-Server API, "End-to-End Encryption"): keys, and nothing that knows HTTP.

Of nio only the store, the account and session classes and the format of exported keys are used, not its machine. That
one finds sessions by a deprecated key, does not remember who a room key came from, keeps what it saw against replays in
memory only, takes no fallback keys, drops cross-signing keys, and ends on one bad event. Each of these would be a way
for a server or a stranger to read, forge or lose messages; here each has a room of its own, and a test.
"""
