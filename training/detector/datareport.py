"""What the data looks like by source and class, where that would let a net cheat, and which media show the same picture:
`python3 -m detector.datareport --crops DIR --manifest FILE`.

Writes `data-report.md` and `duplicates.csv` (a medium of the training split to leave out, and the one it repeats) into the folder of the
crops; `CropSet.open` leaves those media out.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from .data import DUPLICATES, CropSet, Medium
from .metrics import auc

MAX_DISTANCE = 3
"""Bits of 64 in which difference hashes of one picture may differ: saved again, scaled, slightly cut."""

MIN_CORRELATION = 0.95
"""Of 32 × 32 grey thumbnails. Frontal faces alone agree in most bits of a hash now and then; their pixels do not."""

MEASURES = {
    "face size, px": lambda crops, i: crops.rows[i].size,
    "sharpness": lambda crops, i: crops.rows[i].sharpness,
    "inner fineness": lambda crops, i: fineness(crops.pixels(i)),
    "brightness": lambda crops, i: crops.rows[i].brightness,
    "blockiness": lambda crops, i: blockiness(crops.pixels(i)),
    "colourfulness": lambda crops, i: float(np.std(crops.pixels(i).astype(np.float32), axis=2).mean()),
}


def blockiness(crop: np.ndarray) -> float:
    """Steps across the lines of an 8 × 8 grid over steps beside them, at the best of the 8 phases: above one where JPEG left its grid."""
    grey = crop.astype(np.float32).mean(2)
    steps = np.abs(np.diff(grey, axis=1)).mean(0)
    phases = [steps[phase::8].mean() for phase in range(8)]
    return float(max(phases) / (np.mean(phases) + 1e-6))


def fineness(crop: np.ndarray) -> float:
    """How steeply detail falls off in the inner face: log of its finest waves over its middle ones, whatever the contrast."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inner = slice(crop.shape[0] * 11 // 32, crop.shape[0] * 21 // 32)
    middle = cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 3.0)
    waves = [image[inner, inner].std() + 0.1 for image in (cv2.Laplacian(grey, cv2.CV_32F), middle)]
    return float(2 * np.log(waves[0]) - np.log(waves[1]))


def difference_hash(crop: np.ndarray) -> np.uint64:
    """64 bits: whether brightness rises from left to right on an 8 × 9 grid."""
    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1]).view(np.uint64)[0]


def near_pairs(hashes: np.ndarray, distance: int = MAX_DISTANCE) -> list[tuple[int, int]]:
    """Pairs (i < j) of hashes that differ in at most so many bits."""
    # Of distance + 1 equal parts at least one is the same in both: only those that share a part are compared.
    parts = hashes.view(np.uint16).reshape(len(hashes), 4)
    if distance > 3:
        raise ValueError("four parts find pairs up to a distance of three.")
    found: set[tuple[int, int]] = set()
    for part in range(4):
        buckets: dict[int, list[int]] = defaultdict(list)
        for i, value in enumerate(parts[:, part]):
            buckets[int(value)].append(i)
        for members in buckets.values():
            for at, i in enumerate(members):
                others = np.array(members[at + 1 :], int)
                if len(others):
                    bits = np.unpackbits((hashes[others] ^ hashes[i]).view(np.uint8).reshape(len(others), 8), axis=1).sum(1)
                    found.update((i, int(j)) for j in others[bits <= distance])
    return sorted(found)


def thumbnail(crop: np.ndarray) -> np.ndarray:
    """Grey values [1024] of mean zero and length one."""
    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / (np.linalg.norm(small) + 1e-6)


def duplicates(media: list[Medium], hashes: np.ndarray, thumbnails: np.ndarray) -> list[tuple[Medium, Medium]]:
    """Media to leave out of training, each with the one it repeats: one that shows a held-out picture, or the same picture under both
    labels (the fake goes: the real is what it was made from), or simply the later of two. Pairs of one group are known to belong together."""
    out: dict[str, tuple[Medium, Medium]] = {}
    for i, j in near_pairs(hashes):
        first, second = media[i], media[j]
        if first.group == second.group or first.split == second.split == "val" or thumbnails[i] @ thumbnails[j] < MIN_CORRELATION:
            continue
        drop, keep = (first, second) if second.split == "val" else (second, first)
        if first.split == second.split and first.fake != second.fake:
            continue  # a swap keeps its target's picture: real and fake alike are what training is about
        out.setdefault(drop.path, (drop, keep))
    return list(out.values())


def report(crops: CropSet) -> str:
    """Tables: counts, medians with quartiles, and how well each measure alone tells the classes of a source apart."""
    first: dict[str, int] = {}
    for i, row in enumerate(crops.rows):
        first.setdefault(row.medium.path, i)
    rows = list(first.values())
    values = {name: np.array([measure(crops, i) for i in rows]) for name, measure in MEASURES.items()}
    lines = ["| source | class | forgery | train | held out | " + " | ".join(MEASURES) + " |", "|" + "---|" * (5 + len(MEASURES))]
    key = lambda i: (crops.rows[i].medium.source, crops.rows[i].medium.label, crops.rows[i].medium.forgery)
    for name in sorted({key(i) for i in rows}):
        inside = np.array([key(i) == name for i in rows])
        splits = [crops.rows[i].medium.split for i, here in zip(rows, inside) if here]
        quartiles = (np.percentile(values[measure][inside], [25, 50, 75]) for measure in MEASURES)
        cells = [f"{mid:.3g} ({low:.3g}–{high:.3g})" for low, mid, high in quartiles]
        lines.append("| " + " | ".join([name[0], name[1], name[2] or "–", str(splits.count("train")), str(splits.count("val")), *cells]) + " |")
    lines += ["", "AUC of each measure alone, fake against real of one source: above 0.5 where fakes have more of it. What stands far off 0.5 is a short cut, the worse where sources disagree.", ""]
    lines += ["| source | " + " | ".join(MEASURES) + " |", "|" + "---|" * (1 + len(MEASURES))]
    for source in sorted({crops.rows[i].medium.source for i in rows}):
        inside = np.array([crops.rows[i].medium.source == source for i in rows])
        labels = np.array([crops.rows[i].fake for i in rows])[inside]
        if labels.any() and not labels.all():
            areas = [auc(labels, values[measure][inside]) for measure in MEASURES]
            lines.append(f"| {source} | " + " | ".join(f"{area:.2f}" for area in areas) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    arguments = parser.parse_args()
    (arguments.crops / DUPLICATES).unlink(missing_ok=True)
    crops = CropSet.open(arguments.crops, arguments.manifest)
    first: dict[str, int] = {}
    for i, row in enumerate(crops.rows):
        first.setdefault(row.medium.path, i)
    rows = list(first.values())
    hashes = np.array([difference_hash(crops.pixels(i)) for i in rows])
    found = duplicates([crops.rows[i].medium for i in rows], hashes, np.stack([thumbnail(crops.pixels(i)) for i in rows]))
    with (arguments.crops / DUPLICATES).open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "repeats"])
        writer.writerows((drop.path, keep.path) for drop, keep in found)
    counts: dict[str, int] = defaultdict(int)
    for drop, keep in found:
        counts[f"{drop.source} {drop.label} repeats {keep.source} {keep.label}, {keep.split}"] += 1
    text = report(crops) + f"\n{len(found)} near-duplicate media left out of training"
    text += "".join(f"; {name}: {count}" for name, count in sorted(counts.items())) + ".\n"
    (arguments.crops / "data-report.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
