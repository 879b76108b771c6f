"""Make the pictures of the README again: `.venv/bin/python -m tests.browser.pictures`.

They show made-up people on a made-up day, and come out the same each time.
"""

import base64
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TypedDict

from playwright.sync_api import Page
from tests.browser.browser import DESK, PHONE, Chromium, Scheme, launched
from tests.browser.stage import NOW, Stage, fill_a_week, staged, time_set_to

FOLDER = Path(__file__).parents[2] / "docs/images"
MOST_BYTES = 150_000

PICTURES: dict[str, tuple[int, Scheme]] = {
    "agenda.png": (DESK, "light"),
    "agenda-phone.png": (PHONE, "dark"),
}


def main(folder: Path = FOLDER) -> int:
    """Make all pictures and say how large they are; 1 if one is too large."""
    folder.mkdir(parents=True, exist_ok=True)
    too_large = False
    with (
        tempfile.TemporaryDirectory() as book,
        time_set_to(NOW),
        staged(Path(book)) as stage,
        launched() as chromium,
    ):
        for name, content in pictures(stage, chromium).items():
            (folder / name).write_bytes(content)
            print(f"{name}: {len(content):,} bytes")  # noqa: T201
            too_large |= len(content) > MOST_BYTES
    return int(too_large)


def pictures(stage: Stage, chromium: Chromium) -> dict[str, bytes]:
    """Return all pictures by their names."""
    ana = stage.add_user("Ana")
    fill_a_week(stage, ana)
    made = {}
    for name, (width, scheme) in PICTURES.items():
        with chromium.page(width=width, scheme=scheme, device_scale_factor=2) as page:
            stage.sign_in(page.context, ana)
            page.goto(f"{stage.url}/appointments/", wait_until="networkidle")
            taken = page.screenshot(animations="disabled")
            page.goto("about:blank")
            made[name] = with_256_colours(page, taken)
    return made


class Indexed(TypedDict):
    """A picture whose pixels are numbers of colours."""

    width: int
    height: int
    colours: list[list[int]]
    pixels: str


# The 256 colours that occur most stay as they are, each other one becomes the nearest of them.
# All pages are of few colours and the shades between them, so that nobody sees a difference.
_TO_256_COLOURS = """async source => {
    const image = new Image()
    image.src = "data:image/png;base64," + source
    await image.decode()
    const { width, height } = image
    const canvas = Object.assign(document.createElement("canvas"), { width, height })
    const context = canvas.getContext("2d")
    context.drawImage(image, 0, 0)
    const colourOfPixel = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
    const counts = new Map()
    for (const colour of colourOfPixel) counts.set(colour, (counts.get(colour) ?? 0) + 1)
    const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([c]) => c)
    const parts = colour => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255]
    const colours = byCount.slice(0, 256).map(parts)
    const distance = (a, b) => a.reduce((sum, value, at) => sum + (value - b[at]) ** 2, 0)
    const numbers = new Map(byCount.map((colour, place) => {
        if (place < 256) return [colour, place]
        const far = colours.map(each => distance(each, parts(colour)))
        return [colour, far.indexOf(Math.min(...far))]
    }))
    let pixels = ""
    for (const colour of colourOfPixel) pixels += String.fromCharCode(numbers.get(colour))
    return { width, height, colours, pixels: btoa(pixels) }
}"""


def with_256_colours(page: Page, taken: bytes) -> bytes:
    """Return a PNG in a third of its bytes, worked out in a page."""
    found: Indexed = page.evaluate(_TO_256_COLOURS, base64.b64encode(taken).decode())
    width, height = found["width"], found["height"]
    pixels = base64.b64decode(found["pixels"])
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(bytes(colour) for colour in found["colours"])),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


if __name__ == "__main__":
    sys.exit(main())
