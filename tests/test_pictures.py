"""Foreign pictures become small and harmless, or nothing; whatever they are, they cost little (S7)."""

import asyncio
import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from webapp.picture_maker import SIDE
from webapp.pictures import LARGEST, SECONDS, small

pytestmark = pytest.mark.process


def made(content: bytes) -> bytes | None:
    return asyncio.run(small(content))


def picture(kind: str, size: tuple[int, int] = (300, 200), **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def large(width: int, height: int) -> bytes:
    """A good picture that would fit into the memory."""
    out = BytesIO()
    Image.new("L", (width, height)).save(out, "PNG")
    return out.getvalue()


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG that says it is this large, whatever there is of it."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_becomes_a_small_one_of_one_kind(kind: str) -> None:
    with Image.open(BytesIO(made(picture(kind)) or b"")) as found:
        assert (found.format, found.size) == ("WEBP", (SIDE, SIDE * 2 // 3))


def test_nothing_comes_along_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x010E] = "canary: where it was taken"
    before = picture("JPEG", exif=exif)
    assert b"canary" in before
    assert b"canary" not in (made(before) or b"canary")


NOTHING = {
    "nothing": b"",
    "words": b"hello",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "another kind": picture("TIFF"),
    "half of one": picture("PNG", (2000, 2000))[:500],
    "larger than the sky": png(50_000, 50_000, zlib.compress(b"\0" * 1000)),
    "a bomb": png(20_000, 20_000, zlib.compress(bytes(1_200_000_000 // 100), 9)),
    "too many pixels": large(5000, 5000),
    "too many octets": picture("PNG") + b"\0" * LARGEST,
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_is_no_picture_or_asks_for_too_much_becomes_nothing_and_soon(what: str) -> None:
    begun = time.monotonic()
    assert made(NOTHING[what]) is None
    assert time.monotonic() - begun < SECONDS + 2


def test_very_many_frames_cost_no_more_than_the_first() -> None:
    frames = [Image.new("L", (64, 64), shade % 256) for shade in range(2000)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert made(out.getvalue())
