"""Two people, or two devices of one, make sure that nobody stands between them (Client-Server API, "Device
verification")."""
