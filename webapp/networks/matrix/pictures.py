"""Pictures of rooms and people, small ones (specification, "Content repository").

They are asked for with our token (authenticated media, since v1.11): from our homeserver alone, whatever they name.
"""

from urllib.parse import quote

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.media import parts_of
from webapp.networks.matrix.wire import Question

SIDE = 96
LARGEST = 2 * 2**20
"""Octets of a small picture."""
_NONE = N_("There is no such picture.")


async def fetch(line: Line, ref: str) -> bytes:
    """The picture, small. Raises NotReached, Rejected, Refused."""
    found = parts_of(ref)
    if found is None:
        raise Refused(Sentence(_NONE))
    server, name = (quote(part, safe="") for part in found)
    query = {"width": str(SIDE), "height": str(SIDE), "method": "crop", "animated": "false"}
    place = f"/_matrix/client/v1/media/thumbnail/{server}/{name}"
    reply = await line.wire.reply(Question("GET", place, None, query), largest=LARGEST)
    if reply.status != 200:
        line.wire.judge(reply)
        raise Refused(Sentence(_NONE))
    return reply.body
