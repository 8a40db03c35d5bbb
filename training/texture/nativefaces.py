"""Faces at their own resolution: `python3 -m texture.nativefaces --crops DIR --manifest FILE --out CACHE`.

Finds each face where the FrameService found it (`crops.csv`) and keeps the square of the source picture around it as it is: nothing is
resampled, turned or padded, so that what the generator's last layers left behind is still there.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Iterable, Iterator, Sequence

import cv2
import numpy as np

from detector.crops import CROP_MARGIN, CROP_SIDE
from detector.data import DUPLICATES, CropRow, Medium, main_tracks, read_manifest, read_row, repeated_media
from detector.progress import progress

MARGIN = 1.9
"""Side of the kept square over the longer side of the face box, where the picture has so much."""

LEAST_SIDE = 112
"""The square of a small face keeps so many pixels, where the picture has them: room for a patch."""

GREATEST_SIDE = 640
"""Of a larger face only the middle is kept."""

TABLE, PIXELS = "native.csv", "native.bin"


@dataclass(frozen=True)
class NativeFace:
    """One face: its medium, the second of the clip, the longer side of its box, the FrameService's measures, and six points [x, y] in
    pixels of the square: right eye, left eye, nose tip, mouth centre, right ear, left ear."""

    medium: Medium
    seconds: float
    size: float
    sharpness: float
    brightness: float
    yaw: float
    offset: int
    side: int
    landmarks: tuple[float, ...]

    @property
    def fake(self) -> bool:
        return self.medium.fake


class NativeFaces:
    """All faces of a cache; pixels stay on disk until read."""

    def __init__(self, rows: Sequence[NativeFace], pixels: np.ndarray) -> None:
        self.rows = list(rows)
        self._pixels = pixels

    @staticmethod
    def open(folder: Path, manifest: Path) -> "NativeFaces":
        """Opens what the command wrote; media that the manifest no longer names are left out."""
        media = {medium.path: medium for medium in read_manifest(manifest)}
        with (folder / TABLE).open(newline="") as stream:
            rows = [_parse(row, media[row["path"]]) for row in csv.DictReader(stream) if row["path"] in media]
        return NativeFaces(rows, np.memmap(folder / PIXELS, np.uint8, "r"))

    def __len__(self) -> int:
        return len(self.rows)

    def pixels(self, index: int) -> np.ndarray:
        """uint8 [S, S, 3], RGB; S is a multiple of eight and differs from face to face."""
        row = self.rows[index]
        return np.array(self._pixels[row.offset : row.offset + row.side * row.side * 3]).reshape(row.side, row.side, 3)

    def landmarks(self, index: int) -> np.ndarray:
        """Six points [6, 2] in pixels of the square."""
        return np.array(self.rows[index].landmarks, np.float32).reshape(6, 2)

    def where(self, split: str | None = None, fake: bool | None = None, sources: Iterable[str] | None = None) -> list[int]:
        """Row numbers that meet every given condition."""
        wanted = None if sources is None else set(sources)
        return [
            i for i, row in enumerate(self.rows)
            if (split is None or row.medium.split == split) and (fake is None or row.fake == fake) and (wanted is None or row.medium.source in wanted)
        ]


def box_of(centre: tuple[float, float], size: float, width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side of the square to keep: inside the picture, its side a multiple of eight."""
    side = min(max(int(MARGIN * size), LEAST_SIDE), GREATEST_SIDE, width, height) // 8 * 8
    left, top = (int(np.clip(round(middle - side / 2), 0, room - side)) for middle, room in zip(centre, (width, height)))
    return left, top, side


def in_picture(landmarks: Sequence[float], centre: tuple[float, float], size: float, angle: float) -> np.ndarray:
    """Points of a crop [6, 2] back in the picture: the inverse of the FrameService's `CropGeometry`, `angle` in degrees."""
    points = (np.array(landmarks, np.float64).reshape(6, 2) - CROP_SIDE / 2) * (CROP_MARGIN * size / CROP_SIDE)
    turn = math.radians(angle)
    x, y = points[:, 0], points[:, 1]
    return np.stack([math.cos(turn) * x - math.sin(turn) * y + centre[0], math.sin(turn) * x + math.cos(turn) * y + centre[1]], 1)


def build(crops: Path, manifest: Path, out: Path, per_clip: int) -> int:
    """Writes the cache and returns how many faces it holds."""
    found: dict[str, list[tuple[CropRow, dict]]] = defaultdict(list)
    with (crops / "crops.csv").open(newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if line["detector"] != "none"]
    media = {medium.path: medium for medium in read_manifest(manifest)}
    repeated = repeated_media(crops / DUPLICATES)
    lines = [line for line in lines if line["path"] not in repeated]
    rows = [read_row(line, media) for line in lines]
    kept = set(map(id, main_tracks(rows)))
    for row, line in zip(rows, lines):
        if id(row) in kept:
            found[row.medium.path].append((row, line))
    out.mkdir(parents=True, exist_ok=True)
    offset = count = 0
    names = [field.name for field in fields(NativeFace) if field.name not in ("medium", "landmarks")]
    with (out / PIXELS).open("wb") as pixels, (out / TABLE).open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["path", *names, *(f"l{i}{axis}" for i in range(6) for axis in "xy")])
        for path, faces in progress(found.items(), "faces", len(found)):
            chosen = [faces[at] for at in sorted({round(at) for at in np.linspace(0, len(faces) - 1, min(len(faces), per_clip))})]
            for face, square in _cut(manifest.parent / path, chosen):
                face = replace(face, offset=offset)
                table.writerow([path, *(getattr(face, name) for name in names), *(f"{value:.2f}" for value in face.landmarks)])
                pixels.write(square.tobytes())
                offset += square.size
                count += 1
    return count


def _cut(path: Path, faces: list[tuple[CropRow, dict]]) -> Iterator[tuple[NativeFace, np.ndarray]]:
    for (row, line), picture in zip(faces, _pictures(path, [row.seconds for row, _ in faces])):
        x, y, width, height = (float(line[name]) for name in ("x", "y", "width", "height"))
        centre = (x + width / 2, y + height / 2)
        left, top, side = box_of(centre, row.size, picture.shape[1], picture.shape[0])
        points = in_picture(row.landmarks, centre, row.size, float(line["roll"])) - (left, top)
        square = cv2.cvtColor(picture[top : top + side, left : left + side], cv2.COLOR_BGR2RGB)
        yield NativeFace(row.medium, row.seconds, row.size, row.sharpness, row.brightness, row.yaw, 0, side, tuple(points.ravel().tolist())), square


def _pictures(path: Path, seconds: list[float]) -> Iterator[np.ndarray]:
    if path.suffix != ".mp4":
        yield cv2.imread(str(path), cv2.IMREAD_COLOR)
        return
    clip = cv2.VideoCapture(str(path))
    rate, at = clip.get(cv2.CAP_PROP_FPS), -1
    for wanted in (round(second * rate) for second in seconds):
        while at < wanted:
            going, picture = clip.read()
            if not going:
                return
            at += 1
        yield picture
    clip.release()


def _parse(row: dict[str, str], medium: Medium) -> NativeFace:
    numbers = [float(row[name]) for name in ("seconds", "size", "sharpness", "brightness", "yaw")]
    points = tuple(float(row[f"l{i}{axis}"]) for i in range(6) for axis in "xy")
    return NativeFace(medium, *numbers, int(row["offset"]), int(row["side"]), points)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, required=True, help="folder the FrameService's crops command wrote")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-clip", type=int, default=8, help="frames kept of a clip")
    arguments = parser.parse_args()
    cv2.setNumThreads(0)
    print(f"{build(arguments.crops, arguments.manifest, arguments.out, arguments.per_clip)} faces")


if __name__ == "__main__":
    main()
