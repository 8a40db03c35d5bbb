"""A small slice that is scored again by every test run: faces of the sample photos that set-up fetches, and self-blends of them with a
fixed seed. `python3 -m detector.pinned --write` writes what the models in `models/` say today into `tests/pinned.json`.

The test fails when a score moves: by other weights, another preprocessing, another blend. Whoever changes one of them on purpose
writes the file anew and says why.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from texture import patches

from .crops import CROP_MARGIN, CROP_SIDE, central_view
from .export import MODELS
from .runtime import Session
from .score import OnnxScorer
from .selfblend import self_blend

PHOTOS = Path(__file__).resolve().parents[2] / ".deps/npm/@vladmandic/face-api/demo"
EXPECTED = Path(__file__).resolve().parents[1] / "tests/pinned.json"

FACES = {
    "sample1.jpg": [(417.07, 402.28, 191.95), (846.37, 460.96, 187.84), (1477.70, 253.42, 168.59)],
    "sample2.jpg": [(884.07, 258.95, 202.63), (1453.82, 189.72, 202.00)],
    "sample3.jpg": [(1061.33, 256.89, 243.79), (1463.52, 342.31, 227.30), (581.86, 373.52, 225.46)],
    "sample4.jpg": [(988.77, 224.88, 189.66), (1276.52, 202.05, 174.12)],
    "sample6.jpg": [(657.71, 374.64, 244.21), (1149.30, 341.11, 237.25), (238.85, 530.03, 232.11)],
}
"""Left, top and side of faces in source pixels, as the FrameService found them."""

LANDMARKS = np.float32([[103, 105], [153, 105], [128, 132], [128, 160], [72, 112], [184, 112]])
"""Landmarks of an upright face in a crop, near enough for a mask."""


def faces() -> list[tuple[str, np.ndarray]]:
    """Crops by name, as if the service had cut them, but not turned."""
    found = []
    for photo, boxes in FACES.items():
        image = Image.open(PHOTOS / photo).convert("RGB")
        for number, (left, top, side) in enumerate(boxes, 1):
            centre, half = (left + side / 2, top + side / 2), side * CROP_MARGIN / 2
            box = (centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half)
            found.append((f"{photo}/{number}", np.asarray(image.transform((CROP_SIDE, CROP_SIDE), Image.EXTENT, box, Image.BILINEAR))))
    return found


def squares() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The same faces at their own resolution, uint8 [S, S, 3], with their points [6, 2]."""
    found = []
    for photo, boxes in FACES.items():
        image = np.asarray(Image.open(PHOTOS / photo).convert("RGB"))
        for number, (left, top, side) in enumerate(boxes, 1):
            kept = int(1.9 * side) // 8 * 8
            x, y = (min(max(round(middle + side / 2 - kept / 2), 0), room - kept) for middle, room in ((left, image.shape[1]), (top, image.shape[0])))
            points = (LANDMARKS - CROP_SIDE / 2) * (CROP_MARGIN * side / CROP_SIDE) + (left + side / 2 - x, top + side / 2 - y)
            found.append((f"{photo}/{number}", np.ascontiguousarray(image[y : y + kept, x : x + kept]), points.astype(np.float32)))
    return found


def measure() -> dict[str, dict[str, list[float]]]:
    """Logits of every frame model in `models/`: of the real face and of two self-blends, by model and face."""
    blends = lambda index, picture, points: [picture, *(self_blend(picture, points, np.random.default_rng((97, index, draw))) for draw in range(2))]
    pictures = {name: blends(index, crop, LANDMARKS) for index, (name, crop) in enumerate(faces())}
    natives = {name: (blends(index, square, points), points) for index, (name, square, points) in enumerate(squares())}
    measured = {}
    for path in sorted(MODELS.glob("*/model.json")):
        model = json.loads(path.read_text())
        if model["kind"] != "frame":
            continue
        session = Session(path.parent / model["file"])
        scorer = OnnxScorer(session, model["input"]["mean"], model["input"]["std"])
        given = model["input"]
        if given.get("view") == "texture":
            shown = lambda picture, points: (patches.cut(picture, at, given["size"]) for at in patches.scored_places(points, picture.shape[0], given["size"], given["patches"]))
            measured[model["name"]] = {
                name: [round(float(np.mean(scorer.logits(shown(picture, points)))), 4) for picture in made] for name, (made, points) in natives.items()
            }
        else:
            view = lambda crop: central_view(crop, given["margin"], given["size"])
            measured[model["name"]] = {name: [round(float(v), 4) for v in scorer.logits(map(view, crops))] for name, crops in pictures.items()}
        session.close()
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    cv2.setNumThreads(0)
    measured = measure()
    if parser.parse_args().write:
        EXPECTED.write_text(json.dumps(measured, indent=1) + "\n")
    for model, rows in measured.items():
        values = np.array(list(rows.values()))
        print(f"{model}: mean logit {values[:, 0].mean():+.2f} of {len(values)} reals, {values[:, 1:].mean():+.2f} of their self-blends")


if __name__ == "__main__":
    main()
