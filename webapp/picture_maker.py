"""Make a small picture of a foreign one: run as a program of its own, because libraries for pictures have holes (S7).

Reads the picture, writes a small WebP without anything but its pixels. It may have little memory and time, and may
write no file; whatever is wrong with the picture, it ends with a status that is not 0. It imports nothing of ours.
"""

import resource
import sys
from io import BytesIO

SIDE = 96
"""Pixels of the larger side."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 16_000_000
MEMORY = 256 * 2**20
SECONDS = 5


def confine() -> None:
    """What this process may use at most."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def made_small(content: bytes) -> bytes:
    """The first frame, turned as it should be, no larger than SIDE. Raises whatever the library raises."""
    from PIL import Image, ImageOps  # after the limits are set

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # an error from twice as many on
    with Image.open(BytesIO(content), formats=FORMATS) as picture:
        picture.draft("RGB", (SIDE * 2, SIDE * 2))
        small = ImageOps.exif_transpose(picture).convert("RGBA")
        small.thumbnail((SIDE, SIDE))
        out = BytesIO()
        small.save(out, "WEBP", quality=80, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


if __name__ == "__main__":
    confine()
    sys.stdout.buffer.write(made_small(sys.stdin.buffer.read()))
