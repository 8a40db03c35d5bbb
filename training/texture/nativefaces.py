"""Faces at their own resolution: the native squares of the packs that the FrameService's `crops` command wrote.

Nothing in them was resampled, turned or padded, so that what a generator's last layers left behind is still there; and serving cuts them by
the same code from the same decoder.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence

import numpy as np

from detector.crops import CROP_SIDE, read_pack
from detector.data import DUPLICATES, CropRow, Medium, main_tracks, read_manifest, read_row, repeated_media

PER_CLIP = 8
"""Frames kept of a clip, evenly over its main track."""


@dataclass(frozen=True)
class NativeFace:
    """One face: its medium, the second of the clip, the longer side of its box in the picture, the FrameService's measures, the side of its square,
    and six points [x, y] in pixels of the square: right eye, left eye, nose tip, mouth centre, right ear, left ear."""

    medium: Medium
    seconds: float
    size: float
    sharpness: float
    brightness: float
    yaw: float
    side: int
    landmarks: tuple[float, ...]

    @property
    def fake(self) -> bool:
        return self.medium.fake


class NativeFaces:
    """Faces with their pixels, which stay on disk until read."""

    def __init__(self, rows: Sequence[NativeFace], pixels: Sequence[np.ndarray]) -> None:
        if len(pixels) != len(rows):
            raise ValueError(f"{len(rows)} rows for {len(pixels)} squares.")
        self.rows = list(rows)
        self._pixels = pixels

    @staticmethod
    def open(folder: Path, manifest: Path, per_clip: int = PER_CLIP, aligned: bool = False) -> "NativeFaces":
        """Opens what the `crops` command wrote; `aligned`: not the native squares but the aligned crops, of one size. Leaves out what training on
        crops leaves out (see `CropSet.open`), and media that the manifest does not name."""
        media = {medium.path: medium for medium in read_manifest(manifest)}
        repeated = repeated_media(folder / DUPLICATES)
        with (folder / "crops.csv").open(newline="") as stream:
            found = [row for row in csv.DictReader(stream) if row["detector"] != "none" and row["path"] in media and row["path"] not in repeated]
        clips: dict[str, list[CropRow]] = defaultdict(list)
        for row in main_tracks([read_row(row, media) for row in found]):
            clips[row.medium.path].append(row)
        kept = [crops[at] for crops in clips.values() for at in sorted({round(at) for at in np.linspace(0, len(crops) - 1, min(len(crops), per_clip))})]
        packs = {name: read_pack(folder / name) for name in sorted({row.pack for row in kept})}
        rows, pixels = [], []
        for row in kept:
            pack = packs[row.pack]
            if aligned:
                measures = row.medium, row.seconds, row.size, row.sharpness, row.brightness, row.yaw
                rows.append(NativeFace(*measures, CROP_SIDE, row.landmarks))
                pixels.append(pack.pixels[row.pack_row])
                continue
            native = pack.crops[row.pack_row].get("native")
            if native is None:
                raise ValueError(f"{folder / row.pack} has no native squares: cut the crops anew.")
            rows.append(NativeFace(row.medium, row.seconds, row.size, row.sharpness, row.brightness, row.yaw, native["side"], tuple(native["landmarks"])))
            pixels.append(pack.natives[row.pack_row])
        return NativeFaces(rows, pixels)

    def __len__(self) -> int:
        return len(self.rows)

    def pixels(self, index: int) -> np.ndarray:
        """uint8 [S, S, 3], RGB; S differs from face to face and is a multiple of eight."""
        return np.array(self._pixels[index])

    def landmarks(self, index: int) -> np.ndarray:
        """Six points [6, 2] in pixels of the square; those of a large face may lie outside."""
        return np.array(self.rows[index].landmarks, np.float32).reshape(6, 2)

    def where(self, split: str | None = None, fake: bool | None = None, sources: Iterable[str] | None = None) -> list[int]:
        """Row numbers that meet every given condition."""
        wanted = None if sources is None else set(sources)
        return [
            i for i, row in enumerate(self.rows)
            if (split is None or row.medium.split == split) and (fake is None or row.fake == fake) and (wanted is None or row.medium.source in wanted)
        ]
