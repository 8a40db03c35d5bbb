"""Figures of one model on held-out people: `python3 -m detector.evaluate configs/NAME.toml --crops DIR --manifest FILE`.

Scores every held-out crop under each fixed condition, pools them to media as the service does (mean of the upper half of a track's logits), and
writes `scores.csv`, `metrics.json` and `metrics.md` beside the checkpoint. Every figure stands beside trivial baselines on the
same media: negated sharpness, face size, brightness (each in the direction that suits it better, which flatters it).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

import numpy as np
import torch

from . import degrade, metrics
from .config import Config, read_config
from .data import CropSet, fold_of
from .export import load_average, write_onnx
from .progress import progress
from .runtime import Session
from .score import OnnxScorer, Scorer
from .selfblend import blended_pair

H264 = "h264_crf"
"""Conditions of this name and a rate factor send the crops through a video encoder."""

BASELINES = {"blurry": lambda r: -r.sharpness, "face_size": lambda r: r.size, "brightness": lambda r: r.brightness}


@dataclass(frozen=True)
class ScoredMedium:
    """One medium under one condition: pooled logit and the crops' mean measures."""

    path: str
    source: str
    forgery: str
    group: str
    fake: bool
    condition: str
    crops: int
    logit: float
    baselines: tuple[float, ...]


def score_media(config: Config, crops: CropSet, scorer: Scorer, conditions: Iterable[str]) -> list[ScoredMedium]:
    """Scores held-out media, all of them clean and some under each other condition, and self-blends of their reals as source
    `self_blend` with a fixed draw each."""
    rows = crops.where("val")
    some = sample(crops, rows)
    media: list[ScoredMedium] = []
    for condition in conditions:
        inside = rows if condition == "clean" else some
        if condition.startswith(H264):
            plain = degrade.Degradation(margin=config.margin)
            pixels = through_h264([crops.pixels(i) for i in inside], int(condition.removeprefix(H264)))
            views = (degrade.apply(crop, plain, config.size) for crop in progress(pixels, condition, len(inside)))
        else:
            how = degrade.CONDITIONS[condition](config.margin, config.size)
            views = (degrade.apply(crops.pixels(i), how, config.size) for i in progress(inside, condition, len(inside)))
        media += pooled(crops, inside, scorer.logits(views), condition)
    media += _self_blends(config, crops, scorer)
    return media


def sample(crops: CropSet, rows: list[int], per_class: int = 120, per_medium: int = 4) -> list[int]:
    """Some media of each source and class with some crops each, always the same: enough for conditions other than clean."""
    chosen: dict[tuple[str, bool], dict[str, list[int]]] = {}
    for i in rows:
        medium = crops.rows[i].medium
        chosen.setdefault((medium.source, medium.fake), {}).setdefault(medium.path, []).append(i)
    some = []
    for media in chosen.values():
        for path in sorted(media, key=lambda path: hashlib.sha256(path.encode()).digest())[:per_class]:
            places = media[path]
            some += [places[at] for at in np.linspace(0, len(places) - 1, min(len(places), per_medium)).round().astype(int)]
    return sorted(some)


def through_h264(pixels: list[np.ndarray], quality: int) -> list[np.ndarray]:
    """Crops as intra frames of H.264 (libx264, yuv420p) at a constant rate factor, through ffmpeg. Raises RuntimeError when it fails."""
    side = pixels[0].shape[0]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{side}x{side}"]
    quiet = ["ffmpeg", "-v", "error"]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/crops.mkv"
        encode = [*quiet, *raw, "-r", "25", "-i", "-", "-c:v", "libx264", "-threads", "1", "-preset", "veryfast", "-g", "1", "-crf", str(quality), "-pix_fmt", "yuv420p", path]
        decode = [*quiet, "-nostdin", "-i", path, "-threads", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        for command, given in ((encode, np.stack(pixels).tobytes()), (decode, None)):
            done = subprocess.run(command, input=given, capture_output=True)
            if done.returncode:
                raise RuntimeError(f"ffmpeg failed: {done.stderr.decode()[-300:]}")
    frames = np.frombuffer(done.stdout, np.uint8).reshape(-1, side, side, 3)
    if len(frames) != len(pixels):
        raise RuntimeError(f"ffmpeg gave {len(frames)} frames for {len(pixels)}.")
    return list(frames)


def pooled(crops: CropSet, rows: list[int], logits: np.ndarray, condition: str) -> list[ScoredMedium]:
    """Media of scored crops: means of the upper half of their logits, and of all baselines."""
    of_medium: dict[str, list[int]] = {}
    for at, i in enumerate(rows):
        of_medium.setdefault(crops.rows[i].medium.path, []).append(at)
    pooled = []
    for places in of_medium.values():
        medium = crops.rows[rows[places[0]]].medium
        measures = tuple(float(np.mean([f(crops.rows[rows[at]]) for at in places])) for f in BASELINES.values())
        logit = upper_mean(logits[places])
        pooled.append(ScoredMedium(medium.path, medium.source, medium.forgery, medium.group, medium.fake, condition, len(places), logit, measures))
    return pooled


def upper_mean(logits: np.ndarray) -> float:
    """Mean of the upper half of the weight, as `TrackPooling` of the ResultService takes it: of an odd number the middle one counts half."""
    ordered = np.sort(logits)
    weights = np.clip(np.arange(1, len(ordered) + 1) - len(ordered) / 2, 0, 1)
    return float(np.average(ordered, weights=weights))


def _self_blends(config: Config, crops: CropSet, scorer: Scorer) -> list[ScoredMedium]:
    """One real and one self-blend of each held-out real medium's first crop, degraded alike."""
    first: dict[str, int] = {}
    for i in crops.where("val", False):
        first.setdefault(crops.rows[i].medium.path, i)
    scored = []
    for number, (path, i) in enumerate(sorted(first.items())):
        rng = np.random.default_rng((11, number))
        pair = blended_pair(crops.pixels(i), crops.landmarks(i), rng)
        how = degrade.draw(rng, config.margin, config.size)
        pair = [degrade.apply(image, how, config.size) for image in pair]
        measures = tuple(f(crops.rows[i]) for f in BASELINES.values())
        for is_fake, logit in zip((False, True), scorer.logits(pair)):
            group = crops.rows[i].medium.group
            scored.append(ScoredMedium(path, "self_blend", "self-blend" if is_fake else "", group, is_fake, "drawn", 1, float(logit), measures))
    return scored


def table(media: list[ScoredMedium], rounds: int = 1000) -> dict[str, dict]:
    """One row a source and condition (and a forgery of FaceForensics++ under `clean`) with both classes present."""
    rows: dict[str, dict] = {}
    for source in sorted({m.source for m in media}):
        for condition in dict.fromkeys(m.condition for m in media if m.source == source):
            inside = [m for m in media if m.source == source and m.condition == condition]
            rows[f"{source} / {condition}"] = figures(inside, rounds)
            forgeries = sorted({m.forgery for m in inside if m.fake})
            if condition == "clean" and len(forgeries) > 1:
                for forgery in forgeries:
                    rows[f"{source} / {forgery}"] = figures([m for m in inside if not m.fake or m.forgery == forgery], rounds)
    return {name: row for name, row in rows.items() if row}


def figures(media: list[ScoredMedium], rounds: int = 1000) -> dict:
    """Figures of some media; empty when a class is missing."""
    labels = np.array([m.fake for m in media])
    if labels.all() or not labels.any():
        return {}
    scores, groups = np.array([m.logit for m in media]), np.array([m.group for m in media])
    low, high = metrics.bootstrap(metrics.auc, labels, scores, groups, rounds)
    row = {
        "real": int((~labels).sum()), "fake": int(labels.sum()),
        "auc": metrics.auc(labels, scores), "auc_low": low, "auc_high": high,
        "average_precision": metrics.average_precision(labels, scores), "eer": metrics.eer(labels, scores),
        "tpr_at_fpr_1": metrics.tpr_at_fpr(labels, scores, 0.01), "tpr_at_fpr_5": metrics.tpr_at_fpr(labels, scores, 0.05),
    }
    for at, name in enumerate(BASELINES):
        value = metrics.auc(labels, np.array([m.baselines[at] for m in media]))
        row[f"baseline_{name}"] = max(value, 1 - value)
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}


def markdown(rows: dict[str, dict]) -> str:
    """The table for a model card."""
    lines = [
        "| held-out people of | real / fake media | AUC [95 %] | EER | TPR at 1 % / 5 % FPR | blurry | face size | brightness |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, r in rows.items():
        lines.append(
            f"| {name} | {r['real']} / {r['fake']} | {r['auc']:.3f} [{r['auc_low']:.3f}, {r['auc_high']:.3f}] | {r['eer']:.3f} | "
            f"{r['tpr_at_fpr_1']:.2f} / {r['tpr_at_fpr_5']:.2f} | {r['baseline_blurry']:.2f} | {r['baseline_face_size']:.2f} | {r['baseline_brightness']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def write_scores(media: list[ScoredMedium], path: Path) -> None:
    """One row a medium and condition; `fold` is the cross-fitting half."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "source", "forgery", "group", "fold", "fake", "condition", "crops", "logit", *BASELINES])
        for m in media:
            values = [f"{v:.4f}" for v in (m.logit, *m.baselines)]
            writer.writerow([m.path, m.source, m.forgery, m.group, fold_of(m.group), int(m.fake), m.condition, m.crops, *values])


def read_scores(path: Path) -> list[ScoredMedium]:
    """What `write_scores` wrote."""
    with path.open(newline="") as stream:
        return [
            ScoredMedium(
                r["path"], r["source"], r["forgery"], r["group"], r["fake"] == "1", r["condition"], int(r["crops"]), float(r["logit"]),
                tuple(float(r[name]) for name in BASELINES),
            )
            for r in csv.DictReader(stream)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--conditions", nargs="+", default=[*degrade.CONDITIONS, *(f"{H264}{quality}" for quality in (23, 28, 34))])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = read_config(arguments.config)
    net = load_average(config)
    file = config.run_folder / "model.onnx"
    write_onnx(net, config.size, file)
    scorer = OnnxScorer(Session(file), net.mean, net.std)
    media = score_media(config, CropSet.open(arguments.crops, arguments.manifest), scorer, arguments.conditions)
    write_scores(media, config.run_folder / "scores.csv")
    rows = table(media)
    (config.run_folder / "metrics.json").write_text(json.dumps(rows, indent=2) + "\n")
    (config.run_folder / "metrics.md").write_text(markdown(rows))
    print(markdown(rows), end="")


if __name__ == "__main__":
    main()
