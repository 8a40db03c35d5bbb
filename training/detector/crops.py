"""Face packs, as the FrameService's `crops` command writes them, and the part of a crop that a model sees."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

CROP_SIDE = 256
"""Side of a crop in pixels (`FacePack.Side`)."""

CROP_MARGIN = 1.6
"""Side of a crop over the longer side of the face box (`FacePack.Margin`)."""


@dataclass(frozen=True)
class Pack:
    """One face pack: `pixels` uint8 [N, 256, 256, 3] RGB, one description a row, and for each row the face at its own resolution, uint8
    [S, S, 3], or None in a pack that has none."""

    pixels: np.ndarray
    crops: list[dict]
    natives: list[np.ndarray | None]


def read_pack(path: Path) -> Pack:
    """Reads a safetensors face pack without copying its pixels into memory. Raises ValueError when it is none."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise ValueError(f"{path} is shorter than a header.")
        (length,) = struct.unpack("<Q", prefix)
        if length > size - 8:
            raise ValueError(f"{path}: the header is longer than the file.")
        header = json.loads(stream.read(length))
    if "faces" not in header:
        raise ValueError(f"{path} is no face pack.")
    everything = np.memmap(path, np.uint8, "r")[8 + length :]
    pixels = _tensor(path, header["faces"], everything)
    if pixels.shape[1:] != (CROP_SIDE, CROP_SIDE, 3):
        raise ValueError(f"{path} is no face pack of {CROP_SIDE} px crops.")
    crops = json.loads(header["__metadata__"]["crops"])
    if len(crops) != len(pixels):
        raise ValueError(f"{path}: {len(crops)} descriptions for {len(pixels)} crops.")
    natives = [_tensor(path, header[name], everything) if (name := f"native_{row}") in header else None for row in range(len(crops))]
    return Pack(pixels, crops, natives)


def _tensor(path: Path, entry: dict, everything: np.ndarray) -> np.ndarray:
    begin, end = entry["data_offsets"]
    if entry["dtype"] != "U8" or not 0 <= begin <= end <= len(everything) or end - begin != math.prod(entry["shape"]):
        raise ValueError(f"{path}: the pixels do not fit their shape.")
    return everything[begin:end].reshape(entry["shape"])


def central_view(crop: np.ndarray, margin: float, size: int) -> np.ndarray:
    """What a model of this margin and size sees of a crop: uint8 [size, size, 3]. The filter is that of the InferenceWorker."""
    return window(crop, CROP_SIDE * margin / CROP_MARGIN, (0.0, 0.0), size)


def window(crop: np.ndarray, length: float, shift: tuple[float, float], size: int) -> np.ndarray:
    """A square of `length` crop pixels, moved off the centre by `shift` pixels but kept inside the crop, at `size` pixels."""
    side = crop.shape[0]
    length = min(length, float(side))
    room = (side - length) / 2
    left, top = (room + float(np.clip(offset, -room, room)) for offset in shift)
    box = (left, top, min(left + length, side), min(top + length, side))
    return np.asarray(Image.fromarray(crop).resize((size, size), Image.BILINEAR, box=box))
