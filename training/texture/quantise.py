"""An INT8 variant of an exported net that sees patches: `python3 -m texture.quantise NAME --crops DIR --manifest FILE`.

As `detector.quantise`, with patches of native squares instead of aligned crops; a face's logit is the mean of its patches'.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from detector.export import MODELS
from detector.quantise import CALIBRATION_CROPS, Shown, write_variant

from . import patches
from .nativefaces import NativeFaces


def views(model: dict, faces: NativeFaces, row: int) -> np.ndarray:
    """The scored patches of a face as the net of a `model.json` takes them: float32 [R, 3, S, S]."""
    given = model["input"]
    picture, size = faces.pixels(row), given["size"]
    places = patches.scored_places(faces.landmarks(row), picture.shape[0], size, given["patches"])
    mean, std = (np.array(given[name], np.float32) for name in ("mean", "std"))
    cut = np.stack([patches.cut(picture, place, size) for place in places]).astype(np.float32) / 255
    return np.ascontiguousarray(((cut - mean) / std).transpose(0, 3, 1, 2))


def calibration(model: dict, faces: NativeFaces, count: int = CALIBRATION_CROPS) -> list[np.ndarray]:
    """Inputs [1, 3, S, S] of training faces, every class and source alike: one patch of a face."""
    rng = np.random.default_rng(3)
    kinds: dict[tuple[str, bool], list[int]] = {}
    for i in faces.where("train"):
        kinds.setdefault((faces.rows[i].medium.source, faces.rows[i].fake), []).append(i)
    rows = [rows[int(rng.integers(len(rows)))] for _, rows in zip(range(count), list(kinds.values()) * count)]
    shown = (views(model, faces, row) for row in rows)
    return [patch[(at := int(rng.integers(len(patch)))) : at + 1] for patch in shown]


def held_out(model: dict, faces: NativeFaces, per_class: int = 150) -> list[Shown]:
    """One face of each held-out medium, up to so many of a class and source."""
    rows: dict[tuple[str, bool], dict[str, int]] = {}
    for i in faces.where("val"):
        row = faces.rows[i]
        rows.setdefault((row.medium.source, row.fake), {}).setdefault(row.medium.path, i)
    return [Shown(source, fake, views(model, faces, i)) for (source, fake), media in rows.items() for i in list(media.values())[:per_class]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="folder below models/")
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    arguments = parser.parse_args()
    folder = MODELS / arguments.name
    model = json.loads((folder / "model.json").read_text())
    if model["input"].get("view") != "texture":
        raise SystemExit(f"{arguments.name} sees the whole crop: use detector.quantise.")
    faces = NativeFaces.open(arguments.crops, arguments.manifest)
    write_variant(folder, calibration(model, faces), held_out(model, faces))


if __name__ == "__main__":
    main()
