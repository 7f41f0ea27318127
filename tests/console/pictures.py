"""The pictures of a state: light, dark, printed and 320 pixels wide, as small as 64 colours make them."""

import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

WIDE, NARROW = {"width": 1200, "height": 800}, {"width": 320, "height": 640}
PAPER: Final = {"width": 794, "height": 1123}
"""A4 at 96 pixels an inch."""
View = tuple[str, str, str, dict[str, int]]
FOUR: Final[tuple[View, ...]] = (
    ("", "light", "screen", WIDE),
    ("-dark", "dark", "screen", WIDE),
    ("-print", "light", "print", PAPER),
    ("-320", "light", "screen", NARROW),
)
FEW: Final = (FOUR[0], FOUR[3])
SMALLER: Final = """async (png) => {
  const whole = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const { width, height } = whole, canvas = new OffscreenCanvas(width, height), drawn = canvas.getContext("2d");
  drawn.drawImage(whole, 0, 0);
  const pixels = new Uint32Array(drawn.getImageData(0, 0, width, height).data.buffer), counts = new Map();
  for (const one of pixels) counts.set(one, (counts.get(one) || 0) + 1);
  const channels = (one) => [one & 255, one >>> 8 & 255, one >>> 16 & 255];
  const palette = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, 64).map(channels);
  const places = new Map();
  for (const one of counts.keys()) {
    const [red, green, blue] = channels(one);
    const away = palette.map(([r, g, b]) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2);
    places.set(one, away.indexOf(Math.min(...away)));
  }
  const rows = new Uint8Array(height * (width + 1));
  pixels.forEach((one, at) => { rows[at + Math.floor(at / width) + 1] = places.get(one); });
  const packed = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  const text = (part) => btoa(Array.from(part, (one) => String.fromCharCode(one)).join(""));
  return { width, height, palette: text(palette.flat()), rows: text(new Uint8Array(await packed.arrayBuffer())) };
}"""


async def take(page: Page, name: str, folder: Path, darkroom: Page, wanted: Sequence[View]) -> None:
    """The pictures of the state that the page shows; `darkroom`: a blank page that makes them small."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, scheme, media, size in wanted:
        await page.emulate_media(color_scheme=scheme, media=media)  # type: ignore[arg-type]
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        height = await page.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size({"width": size["width"], "height": height})
        taken = await darkroom.evaluate(SMALLER, b64encode(await page.screenshot()).decode())
        (folder / f"{name}{suffix}.png").write_bytes(_png(taken))
    await page.emulate_media(color_scheme="light", media="screen")
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def _png(taken: dict[str, Any]) -> bytes:
    """A PNG with a palette (PNG, third edition, section 11.2)."""
    header = struct.pack(">IIBBBBB", taken["width"], taken["height"], 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b64decode(taken["palette"])), (b"IDAT", b64decode(taken["rows"])))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in (*parts, (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
