"""Measures the forensic signals: AUC with intervals, cost, applicability; writes models/forensics.json and the table of docs/forensics.md.

    python3 -m forensics.measure --rows ROWS.jsonl --manifest DATA/manifest.csv --version 1.0.0

The rows come from the product's own code (`Deepfake.FrameService packs`, `Deepfake.ForensicsWorker signals`). Nothing here looks at a pixel.
Classifiers, statistical face and curves are fitted on the manifest's split `train`; what is reported of fitted signals is cross-fitted there, by groups,
and plain on `val`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
from dataclasses import dataclass, field

import numpy as np

from detector.metrics import auc, fit_logistic

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CLASSIFIERS = ("azimuthal_spectrum", "block_dct")
GEOMETRY = "face_geometry"
# Their scores have a meaning of their own, which quantiles of whatever was at hand would blur.
OWN_CURVE = {"jpeg_quantisation", "double_jpeg", "jpeg_ghost", "motion_dynamics", "light_direction", "metadata", "content_credentials", "video_encoding"}
GROUPS = {
    "frequency": ("azimuthal_spectrum", "block_dct", "resampling"),
    "compression": ("jpeg_quantisation", "double_jpeg", "jpeg_ghost", "video_encoding"),
    "noise": ("noise_residual",),
    "structure": ("light_direction", "face_geometry"),
    "time": ("motion_dynamics", "temporal_warp", "boundary_flicker", "landmark_jitter"),
    "metadata": ("metadata", "content_credentials"),
}
# Scores of authentic media at these quantiles: 0.5 means that one authentic medium in twenty is as unusual.
QUANTILES = ((0.50, 0.0), (0.90, 0.25), (0.95, 0.5), (0.99, 0.9))
MIN_CLASS, MIN_AUTHENTIC, FOLDS = 10, 30, 5


@dataclass
class Rows:
    """One signal's rows; arrays of one length."""

    source: np.ndarray
    forgery: np.ndarray
    fake: np.ndarray
    group: np.ndarray
    train: np.ndarray
    applies: np.ndarray
    raw: np.ndarray
    milliseconds: np.ndarray
    path: np.ndarray
    features: list = field(default_factory=list)

    def only(self, mask: np.ndarray) -> "Rows":
        cut = {name: getattr(self, name)[mask] for name in self.__dataclass_fields__ if name != "features"}
        return Rows(**cut, features=[f for f, keep in zip(self.features, mask) if keep])


def read(rows: str, manifest: str) -> dict[str, Rows]:
    """The rows of every signal, joined with the manifest by the end of their paths."""
    with open(manifest, newline="") as file:
        media = {entry["path"]: entry for entry in csv.DictReader(file)}
    by_signal: dict[str, list[tuple[dict, dict]]] = {}
    with open(rows) as file:
        for line in file:
            row = json.loads(line)
            entry = find(media, row["path"])
            if entry is not None:
                by_signal.setdefault(row["signal"], []).append((entry, row))
    if not by_signal:
        sys.exit("no row is of a medium in the manifest")
    return {signal: tabulate(pairs) for signal, pairs in by_signal.items()}


def find(media: dict[str, dict], path: str) -> dict | None:
    """The manifest's entry whose path ends the given one."""
    parts = path.split("/")
    for start in range(len(parts)):
        entry = media.get("/".join(parts[start:]))
        if entry is not None:
            return entry
    return None


def tabulate(pairs: list[tuple[dict, dict]]) -> Rows:
    def column(values, dtype=None):
        return np.array(list(values), dtype)

    return Rows(
        source=column(m["source"] for m, _ in pairs),
        forgery=column(m["forgery"] for m, _ in pairs),
        fake=column((m["label"] == "fake" for m, _ in pairs), bool),
        group=column(m["source"] + "/" + m["group"] for m, _ in pairs),
        train=column((m["split"] == "train" for m, _ in pairs), bool),
        applies=column((r["applicable"] for _, r in pairs), bool),
        raw=column((np.nan if r["raw"] is None else r["raw"] for _, r in pairs), float),
        milliseconds=column((r["milliseconds"] for _, r in pairs), float),
        path=column(m["path"] for m, _ in pairs),
        features=[r["features"] for _, r in pairs],
    )


def folds(groups: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """A fold for each row; a group never lies in two."""
    names = np.unique(groups)
    fold = dict(zip(np.random.default_rng(seed).permutation(names), np.arange(len(names)) % count))
    return np.array([fold[g] for g in groups])


def balance(source: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Weights that let every source and class count the same."""
    weights = np.zeros(len(source))
    cells = [(source == s) & (fake == f) for s in np.unique(source) for f in (False, True)]
    for cell in cells:
        if cell.any():
            weights[cell] = len(source) / cell.sum() / len(cells)
    return weights


def fit_classifier(features: np.ndarray, fake: np.ndarray, weights: np.ndarray, ridge: float = 30.0) -> dict[str, list[float]]:
    mean = np.average(features, axis=0, weights=weights)
    deviation = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weights)) + 1e-6
    beta = fit_logistic((features - mean) / deviation, fake, weights, ridge=ridge)
    return {"mean": listed(mean), "deviation": listed(deviation), "weights": listed(beta)}


def logit(parameters: dict[str, list[float]], features: np.ndarray) -> np.ndarray:
    weights = np.array(parameters["weights"])
    return (features - np.array(parameters["mean"])) / np.array(parameters["deviation"]) @ weights[:-1] + weights[-1]


def fit_signal(rows: Rows) -> tuple[dict[str, list[float]], Rows, dict[str, float], bool]:
    """Fits a classifier on the sources that have both classes. Returns it, the rows with honest raw measures, AUCs on sources left out, and
    whether the mean of those is above chance, interval and all: what only knows the sources it was fitted on is not for other people's media."""
    usable = np.array([len(f) > 0 for f in rows.features])
    rows = rows.only(usable)
    rows.applies[:] = True
    features = np.array(rows.features, float)
    both = np.array([s for s in np.unique(rows.source) if rows.fake[rows.source == s].any() and (~rows.fake[rows.source == s]).any()])
    fitting = rows.train & np.isin(rows.source, both)

    def fit(mask):
        return fit_classifier(features[mask], rows.fake[mask], balance(rows.source[mask], rows.fake[mask]))

    parameters = fit(fitting)
    rows.raw = logit(parameters, features)
    fold = folds(rows.group, FOLDS)
    for k in range(FOLDS):
        held = fitting & (fold == k)
        rows.raw[held] = logit(fit(fitting & (fold != k)), features[held])
    left_out = {}
    unseen = rows.only(np.isin(rows.source, both))
    for source in both if len(both) > 1 else []:
        there = rows.source == source
        unseen.raw[unseen.source == source] = logit(fit(fitting & ~there), features[there])
        left_out[str(source)] = auc(rows.fake[there], unseen.raw[unseen.source == source])
    holds = bool(left_out) and separate(unseen, cells(unseen))[1][1] > 0.5
    return parameters, rows, left_out, holds


def fit_face(rows: Rows) -> tuple[dict[str, list[float]], Rows]:
    """The statistical face: mean and inverse covariance of authentic shapes."""
    usable = np.array([len(f) > 0 for f in rows.features])
    rows = rows.only(usable)
    rows.applies[:] = True
    shapes = np.array(rows.features, float)
    authentic = shapes[rows.train & ~rows.fake]
    mean = np.median(authentic, axis=0)
    # Without the outermost twentieth, then scaled back as for a normal distribution: wrong landmarks shall not widen the face.
    distance = mahalanobis(authentic, mean, np.linalg.inv(np.cov(authentic.T)))
    core = authentic[distance <= np.quantile(distance, 0.95)]
    precision = np.linalg.inv(np.cov(core.T) * 1.2)
    rows.raw = mahalanobis(shapes, mean, precision)
    return {"mean": listed(mean), "precision": listed(precision.ravel())}, rows


def mahalanobis(shapes: np.ndarray, mean: np.ndarray, precision: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ni,ij,nj->n", shapes - mean, precision, shapes - mean))


def listed(numbers: np.ndarray) -> list[float]:
    return [float(f"{n:.6g}") for n in numbers]


def curve(rows: Rows) -> list[dict[str, float]] | None:
    """From the quantiles of authentic media, every source counting the same; None with too few of them."""
    real = rows.applies & ~rows.fake
    sources = [s for s in np.unique(rows.source[real]) if (real & (rows.source == s)).sum() >= MIN_AUTHENTIC]
    if not sources:
        return None
    values = np.concatenate([rows.raw[real & (rows.source == s)] for s in sources])
    weights = np.concatenate([np.full(n, 1 / n) for n in ((real & (rows.source == s)).sum() for s in sources)])
    order = np.argsort(values)
    share = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    points = [(float(np.interp(q, share, values[order])), score) for q, score in QUANTILES]
    points.append((2 * points[-1][0] - points[1][0], 1.0))
    step = 1e-3 * max(1e-3, points[-1][0] - points[0][0])
    rising = [points[0]]
    for raw, score in points[1:]:
        rising.append((max(raw, rising[-1][0] + step), score))
    return [{"raw": float(f"{raw:.5g}"), "score": score} for raw, score in rising] if step < 1e6 else None


def cells(rows: Rows) -> list[tuple[str, str]]:
    """Sources and forgeries with enough media of both classes where the signal applies."""
    found = []
    for source in np.unique(rows.source):
        there = rows.applies & (rows.source == source)
        if (there & ~rows.fake).sum() < MIN_CLASS:
            continue
        found += [(str(source), str(f)) for f in np.unique(rows.forgery[there & rows.fake]) if (there & rows.fake & (rows.forgery == f)).sum() >= MIN_CLASS]
    return found


def separate(rows: Rows, pairs: list[tuple[str, str]], rounds: int = 500, seed: int = 0) -> tuple[list[tuple[float, float, float]], tuple[float, float, float]]:
    """AUC and 95 % interval of each cell, and of their mean. Whole groups are resampled, the same draw for every cell of a source."""
    masks = [rows.applies & (rows.source == s) & (~rows.fake | (rows.forgery == f)) for s, f in pairs]
    plain = np.array([auc(rows.fake[m], rows.raw[m]) for m in masks])
    rng = np.random.default_rng(seed)
    members = {s: [np.flatnonzero((rows.group == g) & rows.applies) for g in np.unique(rows.group[rows.source == s])] for s in sorted({s for s, _ in pairs})}
    drawn = np.full((rounds, len(pairs)), np.nan)
    for r in range(rounds):
        picks = {s: np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))]) for s, groups in members.items()}
        for i, (s, _) in enumerate(pairs):
            index = picks[s][masks[i][picks[s]]]
            drawn[r, i] = auc(rows.fake[index], rows.raw[index])
    intervals = [tuple(np.nanpercentile(drawn[:, i], [2.5, 97.5])) for i in range(len(pairs))]
    each = [(float(p), float(low), float(high)) for p, (low, high) in zip(plain, intervals)]
    if not pairs:
        return each, (float("nan"),) * 3
    low, high = np.nanpercentile(np.nanmean(drawn, axis=1), [2.5, 97.5])
    return each, (float(plain.mean()), float(low), float(high))


def measure(signals: dict[str, Rows], version: str) -> tuple[dict, list[str]]:
    """The document for models/forensics.json, and the lines of the table."""
    document: dict = {"version": version, "signals": {}}
    lines = []
    for name, rows in signals.items():
        entry: dict = {"weight": 0}
        left_out: dict[str, float] = {}
        if name in CLASSIFIERS:
            parameters, fitted, left_out, holds = fit_signal(rows)
            if holds:
                entry["parameters"], rows = parameters, fitted
            else:
                pairs = cells(fitted)
                lines += table(f"{name}, fitted, not shipped", fitted, rows, pairs, *separate(fitted, pairs), left_out)
                entry["fitted"] = {"shipped": False, "left_out_sources": {s: round(v, 3) for s, v in left_out.items()}}
                left_out = {}
        elif name == GEOMETRY:
            entry["parameters"], rows = fit_face(rows)
        points = None if name in OWN_CURVE else curve(rows)
        if points is not None:
            entry["curve"] = points
        raws = rows.raw[rows.applies]
        if len(raws) >= MIN_AUTHENTIC:
            entry["range"] = {"low": float(f"{raws.min():.5g}"), "high": float(f"{raws.max():.5g}")}
        pairs = cells(rows)
        each, mean = separate(rows, pairs)
        if pairs:
            entry["auc"] = {"value": round(mean[0], 3), "low": round(mean[1], 3), "high": round(mean[2], 3), "media": int(rows.applies.sum())}
            entry["left_out_sources"] = {s: round(v, 3) for s, v in left_out.items()}
        document["signals"][name] = entry
        lines += table(name, rows, signals[name], pairs, each, mean, left_out)
    return document, lines


def table(name: str, rows: Rows, all_rows: Rows, pairs, each, mean, left_out) -> list[str]:
    spent = all_rows.milliseconds[all_rows.applies] if all_rows.applies.any() else all_rows.milliseconds
    cost = f"{np.mean(spent):.1f} / {np.percentile(spent, 95):.1f}"
    mean_text = "–" if not pairs else f"**{mean[0]:.2f}** [{mean[1]:.2f}, {mean[2]:.2f}]"
    lines = [f"| **`{name}`** | all | {rows.applies.sum()} of {len(all_rows.applies)} | {mean_text} | | {cost} |"]
    for (source, forgery), (value, low, high) in zip(pairs, each):
        there, total = rows.applies & (rows.source == source), (all_rows.source == source).sum()
        fakes, reals = (there & rows.fake & (rows.forgery == forgery)).sum(), (there & ~rows.fake).sum()
        other = f"{left_out[source]:.2f}" if source in left_out else ""
        lines.append(f"| | {source}: {forgery} ({fakes} against {reals}) | {there.sum() / total:.0%} | {value:.2f} [{low:.2f}, {high:.2f}] | {other} | |")
    return lines


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", required=True, help="rows of `signals`")
    parser.add_argument("--manifest", required=True, help="path,label,source,forgery,group,split")
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", default=os.path.join(ROOT, "models", "forensics.json"))
    parser.add_argument("--card", default=os.path.join(ROOT, "docs", "forensics.md"), help="page whose table is replaced")
    options = parser.parse_args(arguments)
    document, lines = measure(read(options.rows, options.manifest), options.version)
    write(document, options.out)
    header = ["| signal | source: forgery (fakes against originals) | applies | AUC, 95 % interval | source left out of the fit | ms, mean / p95 |", "|---|---|---|---|---|---|"]
    replace(options.card, "measured", "\n".join(header + lines))
    print("\n".join(header + lines))


def write(document: dict, path: str) -> None:
    """JSON with a line an object, lists of numbers on one."""
    text = re.sub(r"\[\s+([-\d.e,\s]+?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", json.dumps(document, indent=1))
    text = re.sub(r"\{\s+([^{}\[\]]+?)\s+\}", lambda m: "{ " + re.sub(r"\s+", " ", m.group(1)) + " }", text)
    with open(path, "w") as file:
        file.write(text + "\n")


def replace(path: str, mark: str, text: str) -> None:
    """Puts text between <!-- mark --> and <!-- /mark --> of a page; leaves a page without the marks alone."""
    with open(path) as file:
        page = file.read()
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    if begin in page and end in page:
        head, rest = page.split(begin, 1)
        page = head + begin + "\n" + text + "\n" + end + rest.split(end, 1)[1]
        with open(path, "w") as file:
            file.write(page)


if __name__ == "__main__":
    main()
