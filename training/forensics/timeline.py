"""How crops become tracks, tracks a medium, and scores over time stretches: measured, not taste.

    python3 -m forensics.timeline --crops cache/all --manifest DATA/manifest.csv

Scores held-out faces with the shipped models. Of each photo a film is made: the same crop taken again and again, moved, blurred, brightened and
compressed anew (`retake`); of FaceForensics++ the frames of the clips. Then
- crops to a track: films that are fake throughout, for a half or a quarter of their frames, against originals, for several ways of pooling;
- tracks to a medium: pictures of 1 to 8 faces one of which is fake, against pictures of originals, for several sharpnesses;
- stretches: originals with a stretch of fake frames, for thresholds with hysteresis and for change points.
Intervals resample whole groups of people. Everything is seeded.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from detector.data import CropSet
from detector.export import MODELS
from detector.metrics import auc

from .deletion import Explainer, chosen
from .measure import ROOT, replace

FRAMES = 24
PHOTO_SOURCES = ("ffpp_crops", "openforensics")
FACES = (1, 2, 4, 8)
SHARPNESSES = (("mean of logits", 0.0), ("1: mean of the odds", 1.0), ("2", 2.0), ("4", 4.0), ("maximum", np.inf))


@dataclass(frozen=True)
class Film:
    """Log-odds of one face over time: of each model, and fused."""

    source: str
    group: str
    fake: bool
    parts: np.ndarray
    logits: np.ndarray


def retake(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The crop as another frame of a film might have shown it."""
    angle, scale = rng.normal(0, 2), np.exp(rng.normal(0, 0.03))
    matrix = cv2.getRotationMatrix2D((128, 128), angle, scale)
    matrix[:, 2] += rng.normal(0, 3, 2)
    moved = cv2.warpAffine(crop, matrix, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.5:
        moved = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 1.2))
    moved = np.clip(moved * rng.uniform(0.9, 1.1) + rng.normal(0, 4), 0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(moved).save(packed, "JPEG", quality=int(rng.integers(50, 96)))
    return np.asarray(Image.open(packed))


def films(crops: CropSet, explainer: Explainer, count: int) -> list[Film]:
    """Held-out clips of FaceForensics++, and films made of photos."""
    made = []

    def add(source: str, group: str, fake: bool, pixels: list[np.ndarray]) -> None:
        parts = explainer.parts(pixels)
        made.append(Film(source, group, fake, parts, explainer.combine(parts)))

    for fake in (False, True):
        by_path: dict[str, list[int]] = {}
        for i in crops.where("val", fake, ["ffpp_c23"]):
            by_path.setdefault(crops.rows[i].medium.path, []).append(i)
        for rows in by_path.values():
            rows.sort(key=lambda i: crops.rows[i].seconds)
            add("ffpp_c23", crops.rows[rows[0]].medium.group, fake, [crops.pixels(i) for i in rows])
        for source in PHOTO_SOURCES:
            for number, i in enumerate(chosen(crops, source, fake, count)):
                rng = np.random.default_rng((7, number))
                add(source, crops.rows[i].medium.group, fake, [retake(crops.pixels(i), rng) for _ in range(FRAMES)])
    return made


# Crops to a track.

POOLINGS = {
    "mean": lambda x: float(np.mean(x)),
    "trimmed mean, 10 %": lambda x: float(np.mean(np.sort(x)[round(0.1 * len(x)) : len(x) - round(0.1 * len(x))])),
    "median": lambda x: float(np.median(x)),
    "mean of the upper half": lambda x: float(np.mean(np.sort(x)[len(x) // 2 :])),
    "mean of the upper quarter": lambda x: float(np.mean(np.sort(x)[-max(1, len(x) // 4) :])),
    "maximum": lambda x: float(np.max(x)),
}


def spliced(real: np.ndarray, fake: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, slice]:
    """Rows of an original with a stretch of a fake's, and where that lies."""
    length = min(len(real), len(fake))
    run = max(1, round(share * length))
    begin = int(rng.integers(0, length - run + 1))
    mixed = real[:length].copy()
    mixed[begin : begin + run] = fake[begin : begin + run]
    return mixed, slice(begin, begin + run)


def resampled(score, groups: np.ndarray, rounds: int = 300) -> tuple[float, float]:
    """95 % interval of a figure of row numbers; whole groups are resampled."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    drawn = [score(np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])) for _ in range(rounds)]
    return tuple(float(v) for v in np.nanpercentile(drawn, [2.5, 97.5]))


def crop_pooling(made: list[Film], explainer: Explainer, thresholds: dict[str, float]) -> list[str]:
    """Every model's log-odds are pooled by themselves and then fused, as the ResultService does."""
    shares = (1.0, 0.5, 0.25)
    columns = [f"{source}, {words}" for source in ("films of photos", "clips") for words in ("fake throughout", "for a half", "for a quarter")]
    lines = ["| crops to a track | " + " | ".join(columns) + " | originals of all films from `suspicious` / `manipulated` on | fakes for a quarter |", "|---|" + "---|" * 8]
    cuts = [np.log(thresholds[name] / (1 - thresholds[name])) for name in ("suspicious", "manipulated")]
    for name, pool in POOLINGS.items():
        cells, above = [], {}
        for sources in (PHOTO_SOURCES, ("ffpp_c23",)):
            for share in shares:
                scores, labels, groups, origins = [], [], [], []
                for source in sources:
                    reals, fakes = ([f for f in made if f.source == source and f.fake == fake] for fake in (False, True))
                    mixed = [(spliced(partner(reals, fake, n).parts, fake.parts, share, np.random.default_rng((9, n)))[0], fake) for n, fake in enumerate(fakes)]
                    for parts, film in [*((r.parts, r) for r in reals), *mixed]:
                        scores.append(float(explainer.combine(np.array([pool(column) for column in parts.T])))), labels.append(film.fake), groups.append(film.group), origins.append(source)
                scores, labels, groups, origins = (np.array(values) for values in (scores, labels, groups, origins))
                above.setdefault(("original", 0), {})[sources] = scores[~labels]
                above.setdefault(("fake", share), {})[sources] = scores[labels]
                figure = lambda rows: float(np.nanmean([auc(labels[rows][origins[rows] == s], scores[rows][origins[rows] == s]) for s in sources]))
                low, high = resampled(figure, groups)
                cells.append(f"{figure(np.arange(len(scores))):.3f} [{low:.3f}, {high:.3f}]")
        for kind in (("original", 0), ("fake", 0.25)):
            every = np.concatenate(list(above[kind].values()))
            cells.append(" / ".join(f"{np.mean(every >= cut):.1%}" for cut in cuts))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def partner(reals: list[Film], fake: Film, number: int) -> Film:
    """The original that a fake is spliced into: of the same people where there is one."""
    same = [real for real in reals if real.group == fake.group]
    return same[number % len(same)] if same else reals[number % len(reals)]


# Tracks to a medium.


def over_tracks(logits: np.ndarray, sharpness: float) -> np.ndarray:
    """`TrackPooling.OverTracks` along the last axis."""
    if sharpness == 0:
        return logits.mean(-1)
    highest = logits.max(-1)
    if np.isinf(sharpness):
        return highest
    return highest + np.log(np.exp(sharpness * (logits - highest[..., None])).mean(-1)) / sharpness


def photos(crops: CropSet, explainer: Explainer, count: int) -> dict[tuple[str, bool], np.ndarray]:
    """Log-odds of single photos by source and class."""
    scored = {}
    for source in PHOTO_SOURCES:
        for fake in (False, True):
            rows = chosen(crops, source, fake, count)
            scored[source, fake] = np.concatenate([explainer.combine(explainer.parts([crops.pixels(i) for i in rows[at : at + 16]])) for at in range(0, len(rows), 16)])
    return scored


def track_pooling(scored: dict[tuple[str, bool], np.ndarray], thresholds: dict[str, float], draws: int = 2000) -> list[str]:
    cuts = [np.log(thresholds[name] / (1 - thresholds[name])) for name in ("suspicious", "manipulated")]
    lines = ["| sharpness | " + " | ".join(f"{k} {'face' if k == 1 else 'faces'}" for k in FACES) + " |", "|---|" + "---|" * len(FACES)]
    for name, sharpness in SHARPNESSES:
        cells = []
        for faces in FACES:
            figures = []
            for source in PHOTO_SOURCES:
                real, fake = scored[source, False], scored[source, True]
                rng = np.random.default_rng((13, faces))
                quiet = over_tracks(rng.choice(real, (draws, faces)), sharpness)
                loud = over_tracks(np.concatenate([rng.choice(fake, (draws, 1)), rng.choice(real, (draws, faces - 1))], 1), sharpness)
                figures.append((auc(np.repeat([0, 1], draws), np.concatenate([quiet, loud])), *(np.mean(scores >= cut) for cut in cuts for scores in (quiet, loud))))
            area, *rates = np.mean(figures, 0)
            cells.append(f"{area:.3f}; {rates[0]:.1%} / {rates[1]:.0%}; {rates[2]:.1%} / {rates[3]:.0%}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


# Stretches.


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def by_hysteresis(logits: np.ndarray, suspicious: float, manipulated: float) -> np.ndarray:
    """Smoothed by a median of three, a stretch begins half-way between the thresholds and ends below the lower one."""
    score = sigmoid(logits)
    padded = np.concatenate([score[:1], score, score[-1:]])
    smooth = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), 0)
    inside, found = False, np.zeros(len(score), bool)
    for i, value in enumerate(smooth):
        inside = value >= suspicious if inside else value >= (suspicious + manipulated) / 2
        found[i] = inside
    return found


def change_points(logits: np.ndarray, penalty: float) -> list[int]:
    """Where the mean changes, ends of stretches included: least squares with a price for each stretch (optimal partitioning)."""
    n = len(logits)
    sums, squares = np.concatenate([[0], np.cumsum(logits)]), np.concatenate([[0], np.cumsum(logits**2)])
    steps = np.abs(np.diff(logits))
    spread = max(1.0483 * float(np.median(steps)) if len(steps) else 0.0, 0.5)  # 1.4826 / √2: of a difference of two
    price = penalty * spread**2 * np.log(max(n, 2))
    best, last = np.full(n + 1, np.inf), np.zeros(n + 1, int)
    best[0] = -price
    for end in range(1, n + 1):
        for begin in range(end):
            if end - begin < 2 and n >= 2:
                continue
            mean = (sums[end] - sums[begin]) / (end - begin)
            cost = best[begin] + squares[end] - squares[begin] - (end - begin) * mean**2 + price
            if cost < best[end]:
                best[end], last[end] = cost, begin
    points, at = [], n
    while at > 0:
        points.append(at)
        at = last[at]
    return points[::-1]


def by_change_points(logits: np.ndarray, suspicious: float, manipulated: float, penalty: float = 2.0) -> np.ndarray:
    """Stretches between change points whose mean score lies half-way between the thresholds or higher."""
    enter = (suspicious + manipulated) / 2
    found, begin = np.zeros(len(logits), bool), 0
    for end in change_points(logits, penalty):
        found[begin:end] = sigmoid(logits[begin:end]).mean() >= enter
        begin = end
    return found


def stretches(made: list[Film], thresholds: dict[str, float]) -> list[str]:
    """Share of frames told right in originals with a fake stretch (mean over both kinds of frames), and originals with a stretch raised."""
    ways = {"hysteresis": by_hysteresis, **{f"change points, price {p:g}": (lambda x, s, m, p=p: by_change_points(x, s, m, p)) for p in (1, 2, 4)}}
    low, high = thresholds["suspicious"], thresholds["manipulated"]
    lines = ["| stretches by | films of photos: frames told right | stretches begun, a film | clips: frames told right | stretches begun, a film | originals with a stretch raised |", "|---|---|---|---|---|---|"]
    for name, way in ways.items():
        cells, raised = [], []
        for sources in (PHOTO_SOURCES, ("ffpp_c23",)):
            right, begun, groups = [], [], []
            for source in sources:
                reals, fakes = ([f for f in made if f.source == source and f.fake == fake] for fake in (False, True))
                raised += [way(r.logits, low, high).any() for r in reals]
                for n, fake in enumerate(fakes):
                    # What no threshold can tell is no question of stretches.
                    if sigmoid(fake.logits.mean()) < (low + high) / 2:
                        continue
                    logits, inside = spliced(partner(reals, fake, n).logits, fake.logits, 0.4, np.random.default_rng((9, n)))
                    found = way(logits, low, high)
                    truth = np.zeros(len(logits), bool)
                    truth[inside] = True
                    right.append((found[truth].mean() + (~found[~truth]).mean()) / 2)
                    begun.append((np.diff(np.concatenate([[0], found.astype(int)])) == 1).sum())
                    groups.append(fake.group)
            right, groups = np.array(right), np.array(groups)
            interval = resampled(lambda rows: right[rows].mean(), groups)
            cells.append(f"{right.mean():.3f} [{interval[0]:.3f}, {interval[1]:.3f}] ({len(right)}) | {np.mean(begun):.2f}")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {np.mean(raised):.1%} of {len(raised)} |")
    return lines


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", required=True, type=Path)
    parser.add_argument("--manifest", required=True, type=Path)
    parser.add_argument("--count", type=int, default=80, help="photos a source and class at most")
    parser.add_argument("--card", default=os.path.join(ROOT, "docs", "forensics.md"))
    options = parser.parse_args(arguments)
    cv2.setNumThreads(0)
    thresholds = json.loads((MODELS / "fusion.json").read_text())["thresholds"]
    crops, explainer = CropSet.open(options.crops, options.manifest), Explainer()
    made = films(crops, explainer, options.count)
    tracks = track_pooling(photos(crops, explainer, 4 * options.count), thresholds)
    for mark, lines in (("crop-pooling", crop_pooling(made, explainer, thresholds)), ("track-pooling", tracks), ("stretches", stretches(made, thresholds))):
        print("\n".join(lines), flush=True)
        replace(options.card, mark, "\n".join(lines))


if __name__ == "__main__":
    main()
