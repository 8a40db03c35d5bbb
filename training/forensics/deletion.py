"""Whether heat maps show what the models went by: the deletion test.

    python3 -m forensics.deletion --crops cache/all --manifest DATA/manifest.csv

Takes held-out media (one crop each), lays the shipped models' maps over each as the ResultService does, and masks a fifth of what the maps
cover: once the hottest fifth, and several times the same shape moved to a random place. On fakes a map is true where the first lowers the fused
score more. The difference is of log-odds; its interval resamples whole groups of people. Masked is what has the crop's mean colour, or is blurred: no
mask is free of traces of its own, and what a random one does to originals tells how many.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.crops import CROP_MARGIN, CROP_SIDE, central_view
from detector.data import CropSet
from detector.export import MODELS
from detector.runtime import Session

from .measure import ROOT, replace

SHARE = 0.2
MOVES = 6
BLUR = 12.0
"""Deviation of the blur in crop pixels: nothing of a seam or a texture is left."""

FILLS = {
    "mean colour": lambda crop: np.broadcast_to(crop.reshape(-1, 3).mean(0).round().astype(np.uint8), crop.shape),
    "blurred": lambda crop: cv2.GaussianBlur(crop, (0, 0), BLUR),
}


@dataclass(frozen=True)
class Member:
    """One shipped model with its weight in the fusion."""

    session: Session
    size: int
    margin: float
    mean: np.ndarray
    std: np.ndarray
    slope: float
    offset: float
    weight: float
    family: str


class Explainer:
    """The fused score of crops, and the evidence of each of their pixels."""

    def __init__(self, models: Path = MODELS) -> None:
        fusion = json.loads((models / "fusion.json").read_text())
        families = {member: family for family, of in fusion.get("families", {}).items() for member in of["models"]}
        self.intercepts = {"": fusion.get("intercept", 0.0)} | {family: of["intercept"] for family, of in fusion.get("families", {}).items()}
        self.sharpness = fusion["pooling"].get("family_sharpness", 1.0)
        self.members = []
        for name, weight in fusion["models"].items():
            card = json.loads((models / name / "model.json").read_text())
            if weight > 0 and card["output"].get("cam"):
                given, fitted = card["input"], card["calibration"]
                mean, std = (np.array(given[key], np.float32).reshape(1, 3, 1, 1) for key in ("mean", "std"))
                self.members.append(Member(Session(models / name / card["file"]), given["size"], given["margin"], mean, std, fitted["a"], fitted["b"], weight, families.get(name, "")))

    def look(self, crops: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Fused log-odds [N] and evidence [N, 256, 256] of uint8 crops [256, 256, 3]: the maps of the family that is surest of a fake."""
        parts, maps = self._run(crops)
        names, of_families = self._families(parts)
        evidence = np.zeros((len(crops), CROP_SIDE, CROP_SIDE), np.float32)
        for i, surest in enumerate(of_families.argmax(-1)):
            members = [(member, cells[i]) for member, cells in zip(self.members, maps) if member.family == names[surest]]
            total = sum(member.weight for member, _ in members)
            for member, cells in members:
                evidence[i] += spread(member.slope * cells + member.offset, member.margin) * member.weight / total
        return self.combine(parts), evidence

    def parts(self, crops: list[np.ndarray]) -> np.ndarray:
        """Calibrated log-odds of each model, [N, models]; `combine` makes fused ones of them."""
        return self._run(crops)[0]

    def combine(self, parts: np.ndarray) -> np.ndarray:
        """Fused log-odds of those of the models, which are the last axis."""
        return np.logaddexp.reduce(self.sharpness * self._families(parts)[1], -1) / self.sharpness

    def _families(self, parts: np.ndarray) -> tuple[list[str], np.ndarray]:
        names = sorted({member.family for member in self.members})
        return names, np.stack([self.intercepts[name] + sum(m.weight * parts[..., at] for at, m in enumerate(self.members) if m.family == name) for name in names], -1)

    def _run(self, crops: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
        columns, maps = [], []
        for member in self.members:
            views = np.stack([central_view(crop, member.margin, member.size) for crop in crops])
            out = member.session.run((views.transpose(0, 3, 1, 2).astype(np.float32) / 255 - member.mean) / member.std)
            columns.append(member.slope * out["logit"][:, 0] + member.offset)
            maps.append(out["cam"].reshape(len(crops), *out["cam"].shape[-2:]))
        return np.stack(columns, 1), maps

    def covered(self) -> np.ndarray:
        """Where any map lies, bool [256, 256]."""
        inside = np.zeros((CROP_SIDE, CROP_SIDE), bool)
        for member in self.members:
            inside |= spread(np.ones((1, 1), np.float32), member.margin) > 0
        return inside


def spread(cells: np.ndarray, margin: float) -> np.ndarray:
    """A map at the pixels of its crop, bilinear between the middles of its cells; 0 where the model did not look."""
    side = CROP_SIDE * margin / CROP_MARGIN
    at = np.arange(CROP_SIDE) + 0.5 - (CROP_SIDE - side) / 2
    across, down = (np.clip(at / side * count - 0.5, 0, count - 1).astype(np.float32) for count in (cells.shape[1], cells.shape[0]))
    grid = np.meshgrid(across, down)
    values = cv2.remap(cells.astype(np.float32), grid[0], grid[1], cv2.INTER_LINEAR)
    outside = (at < 0) | (at > side)
    values[outside, :] = 0
    values[:, outside] = 0
    return values


def deletions(evidence: np.ndarray, covered: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Masks of the hottest fifth of the covered square, and of the same shape moved around in it."""
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    square = evidence[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    hottest = np.zeros(square.size, bool)
    hottest[np.argsort(-square, axis=None, kind="stable")[: round(SHARE * square.size)]] = True
    hottest = hottest.reshape(square.shape)
    masks = []
    for move in [(0, 0), *(tuple(rng.integers(1, side) for side in square.shape) for _ in range(MOVES))]:
        mask = np.zeros(evidence.shape, bool)
        mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = np.roll(hottest, move, (0, 1))
        masks.append(mask)
    return masks


def drops(explainer: Explainer, crop: np.ndarray, rng: np.random.Generator, fill: str = "mean colour") -> tuple[float, float]:
    """How far the fused log-odds fall without the hottest fifth, and in the mean without a random one."""
    (score,), (evidence,) = explainer.look([crop])
    masked = FILLS[fill](crop)
    after, _ = explainer.look([np.where(mask[..., None], masked, crop) for mask in deletions(evidence, explainer.covered(), rng)])
    return float(score - after[0]), float(score - after[1:].mean())


def summary(fallen: np.ndarray, groups: np.ndarray, rounds: int = 1000) -> tuple[float, float, float]:
    """Mean difference of two columns with the 95 % interval; whole groups are resampled."""
    difference = fallen[:, 0] - fallen[:, 1]
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    rng = np.random.default_rng(0)
    means = [difference[np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])].mean() for _ in range(rounds)]
    return float(difference.mean()), *(float(v) for v in np.percentile(means, [2.5, 97.5]))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", required=True, type=Path)
    parser.add_argument("--manifest", required=True, type=Path)
    parser.add_argument("--count", type=int, default=80, help="media of a source and class at most")
    parser.add_argument("--card", default=os.path.join(ROOT, "docs", "forensics.md"))
    options = parser.parse_args(arguments)
    cv2.setNumThreads(0)
    crops, explainer = CropSet.open(options.crops, options.manifest), Explainer()
    lines = [
        "| held-out | crops | masked by | hottest fifth | random fifth | difference, 95 % interval | hottest lowers more in | random fifth of originals |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for source in sorted({row.medium.source for row in crops.rows if row.medium.split == "val" and row.fake}):
        fakes, reals = (chosen(crops, source, fake, options.count) for fake in (True, False))
        groups = np.array([crops.rows[i].medium.group for i in fakes])
        for fill in FILLS:
            fallen, still = (np.array([drops(explainer, crops.pixels(i), np.random.default_rng((5, n)), fill) for n, i in enumerate(rows)]) for rows in (fakes, reals))
            value, low, high = summary(fallen, groups)
            own = f"{-still[:, 1].mean():+.2f}" if len(still) else "–"
            lines.append(
                f"| {source}, fakes | {len(fakes)} | {fill} | {-fallen[:, 0].mean():+.2f} | {-fallen[:, 1].mean():+.2f} | {-value:+.2f} [{-high:+.2f}, {-low:+.2f}] | {np.mean(fallen[:, 0] > fallen[:, 1]):.0%} | {own} |"
            )
            print(lines[-1], flush=True)
    replace(options.card, "deletion", "\n".join(lines))


def chosen(crops: CropSet, source: str, fake: bool, count: int) -> list[int]:
    """First crops of held-out media of a source and class, spread over the list."""
    first: dict[str, int] = {}
    for i in crops.where("val", fake, [source]):
        first.setdefault(crops.rows[i].medium.path, i)
    return list(first.values())[:: max(1, len(first) // count)][:count]


if __name__ == "__main__":
    main()
