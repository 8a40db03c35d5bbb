"""Crops in parcels that travel: `python3 -m detector.parcels pack --crops DIR --manifest FILE --out DIR` and `… unpack --out DIR PARCEL…`.

A parcel is a folder of one zip file of at most 64 MiB: training crops as JPEG of quality 96 without colour subsampling, with their rows of
`crops.csv` and of the manifest. Media are spread over parcels so that each holds some of every source and class, the rare ones in the
first. Unpacking makes of any number of parcels a folder like the one the FrameService's command wrote. A training machine without the data
needs no more.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import struct
import zipfile
from dataclasses import astuple, fields
from pathlib import Path
from typing import Iterator

import numpy as np
from PIL import Image

from .crops import CROP_SIDE
from .data import CropRow, CropSet, Medium, read_manifest

MAX_BYTES = 64 << 20
QUALITY = 96

_MANIFEST = [field.name for field in fields(Medium)]
_MEASURES = ["seconds", "size", "sharpness", "brightness", "yaw"]
_ROW = ["path", "pack", "row", "track", "detector", *_MEASURES, *(f"l{i}{axis}" for i in range(6) for axis in "xy")]


def pack(crops: CropSet, out: Path, count: int, per_medium: int = 8, held_out: int = 100, limit: int = MAX_BYTES) -> list[Path]:
    """Writes up to `count` parcels with the media of the training split (up to `per_medium` crops each) and, in the first, so many held-out
    media of each source and class for the log. Returns their files."""
    queue = _alternating(crops, per_medium, held_out)
    written = []
    for number in range(count):
        path = out / f"parcel-{number:02d}" / "crops.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _fill(path, crops, queue, limit):
            path.unlink()
            path.parent.rmdir()
            break
        written.append(path)
    return written


def unpack(parcels: list[Path], out: Path) -> int:
    """Writes `crops.csv`, `manifest.csv` and one face pack a parcel. Returns how many crops. Raises ValueError when two parcels hold the same
    medium."""
    out.mkdir(parents=True, exist_ok=True)
    media: list[list[str]] = []
    rows: list[list[object]] = []
    for number, path in enumerate(sorted(parcels)):
        name = f"crops-{number:05d}.safetensors"
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("about.json"))
            media += about["media"]
            rows += [[row[0], name, at, *row[1:]] for at, row in enumerate(about["rows"])]
            _write_pack(out / name, len(about["rows"]), (_decoded(archive.read(f"{at}.jpg")) for at in range(len(about["rows"]))))
    for file, header, table in (("manifest.csv", _MANIFEST, media), ("crops.csv", _ROW, rows)):
        with (out / file).open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(header)
            writer.writerows(table)
    read_manifest(out / "manifest.csv")
    return len(rows)


def _alternating(crops: CropSet, per_medium: int, held_out: int) -> Iterator[list[int]]:
    """Crops by medium: the held-out ones, then training media of all sources and classes in turn."""
    kinds: dict[tuple[str, str, bool], dict[str, list[int]]] = {}
    for i, row in enumerate(crops.rows):
        kinds.setdefault((row.medium.split, row.medium.source, row.fake), {}).setdefault(row.medium.path, []).append(i)
    shuffled = lambda media: sorted(media.values(), key=lambda rows: hashlib.sha256(crops.rows[rows[0]].medium.path.encode()).digest())
    chosen = lambda rows: [rows[at] for at in np.linspace(0, len(rows) - 1, min(len(rows), per_medium)).round().astype(int)]
    for (split, _, _), media in sorted(kinds.items()):
        if split == "val":
            yield from ([rows[0]] for rows in shuffled(media)[:held_out])
    left = [shuffled(media) for (split, _, _), media in sorted(kinds.items()) if split == "train"]
    for turn in range(max(map(len, left), default=0)):
        yield from (chosen(media[turn]) for media in left if turn < len(media))


def _fill(path: Path, crops: CropSet, queue: Iterator[list[int]], limit: int) -> int:
    media, rows, size = [], [], 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        # The limit is on the file with its directory: half a kilobyte a crop is room for that and for the rows.
        while size < limit * 0.98 - 8 * (CROP_SIDE**2):
            medium = next(queue, None)
            if medium is None:
                break
            media.append(list(astuple(crops.rows[medium[0]].medium)))
            for i in medium:
                encoded = _encoded(crops.pixels(i))
                archive.writestr(f"{len(rows)}.jpg", encoded)
                rows.append(_described(crops.rows[i]))
                size += len(encoded) + 512
        archive.writestr("about.json", json.dumps({"media": media, "rows": rows}), zipfile.ZIP_DEFLATED)
    return len(rows)


def _described(row: CropRow) -> list[object]:
    return [row.medium.path, row.track, "parcel", *(getattr(row, name) for name in _MEASURES), *row.landmarks]


def _encoded(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()


def _decoded(data: bytes) -> np.ndarray:
    image = np.asarray(Image.open(io.BytesIO(data)))
    if image.shape != (CROP_SIDE, CROP_SIDE, 3):
        raise ValueError("a parcel holds a picture that is no crop.")
    return image


def _write_pack(path: Path, count: int, pixels: Iterator[np.ndarray]) -> None:
    about = {
        "__metadata__": {"crops": json.dumps([{}] * count)},
        "faces": {"dtype": "U8", "shape": [count, CROP_SIDE, CROP_SIDE, 3], "data_offsets": [0, count * CROP_SIDE * CROP_SIDE * 3]},
    }
    header = json.dumps(about).encode()
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(header)) + header)
        for picture in pixels:
            stream.write(np.ascontiguousarray(picture).tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    packing.add_argument("--crops", type=Path, required=True)
    packing.add_argument("--manifest", type=Path, required=True)
    packing.add_argument("--count", type=int, default=6)
    packing.add_argument("--out", type=Path, required=True)
    opening = commands.add_parser("unpack")
    opening.add_argument("--out", type=Path, required=True)
    opening.add_argument("parcels", type=Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "pack":
        for path in pack(CropSet.open(arguments.crops, arguments.manifest), arguments.out, arguments.count):
            print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")
    else:
        print(f"{unpack(arguments.parcels, arguments.out)} crops")


if __name__ == "__main__":
    main()
