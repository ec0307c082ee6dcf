"""What a browser is called in the list of signed-in devices."""

PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """``Firefox, Linux``; empty for what is no browser we know. Names are the makers' own, in every language."""
    found = (next((name for mark, name in names if mark in user_agent), "") for names in (PROGRAMS, SYSTEMS))
    return ", ".join(name for name in found if name)
