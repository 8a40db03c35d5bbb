"""What runs say of sources they never saw: `python3 -m detector.leftout configs/A.toml [configs/B.toml …] --crops DIR --manifest FILE`.

A source counts as left out when a run (and the run it continues) draws nothing of it; then all its people are new, whatever split they are
in. Prints AUC with 95 % intervals beside the trivial baselines, by forgery, and inside thirds of sharpness and face size. Runs that leave
out the same source are also taken together, by the mean of their logits over their spread.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from . import degrade
from .config import Config, read_config
from .data import CropSet
from .evaluate import ScoredMedium, figures, pooled
from .export import load_average, write_onnx
from .metrics import auc
from .progress import progress
from .runtime import Session
from .score import OnnxScorer

MEASURES = {"sharpness": 0, "face size": 1}


def drawn_sources(config: Config) -> set[str]:
    """Everything a run's weights have seen, those of the run it continues included. Raises FileNotFoundError when that one has no file."""
    own = {*config.data.blend_sources, *config.data.pair_sources, *config.data.reals_of.values()}
    if config.train.continues:
        own |= drawn_sources(read_config(config.path.with_name(f"{config.train.continues}.toml")))
    return own


def left_out(config: Config, crops: CropSet) -> list[str]:
    """Sources with both classes of which a run saw nothing and nobody: those that share people with a drawn one are not left out."""
    both = {s for s in {r.medium.source for r in crops.rows} if crops.where(None, True, [s]) and crops.where(None, False, [s])}
    drawn = drawn_sources(config)
    people = lambda sources: {r.medium.group for r in crops.rows if r.medium.source in sources}
    return sorted(source for source in both - drawn if people({source}).isdisjoint(people(drawn)))


def some_media(crops: CropSet, source: str, per_class: int, per_medium: int = 6) -> list[int]:
    """Crops of up to so many media of each class of a source, always the same."""
    chosen: list[int] = []
    for fake in (False, True):
        media: dict[str, list[int]] = {}
        for i in crops.where(None, fake, [source]):
            media.setdefault(crops.rows[i].medium.path, []).append(i)
        for number in np.random.default_rng(13).permutation(len(media))[:per_class]:
            rows = list(media.values())[int(number)]
            chosen += [rows[at] for at in np.linspace(0, len(rows) - 1, min(len(rows), per_medium)).round().astype(int)]
    return chosen


def score(config: Config, crops: CropSet, rows: list[int], face_pixels: float = math.inf) -> list[ScoredMedium]:
    """Media of these crops by a run's averaged weights, as they are or with faces of so many pixels at most."""
    net = load_average(config)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        write_onnx(net, config.size, file)
        session = Session(file)
    plain = degrade.Degradation(margin=config.margin)
    views = (degrade.apply(degrade.at_resolution(crops.pixels(i), face_pixels), plain, config.size) for i in progress(rows, config.name))
    media = pooled(crops, rows, OnnxScorer(session, net.mean, net.std).logits(views), "clean")
    session.close()
    return media


def together(runs: list[list[ScoredMedium]]) -> list[ScoredMedium]:
    """The mean of several runs' logits, each over its own spread, of the same media in the same order."""
    logits = np.mean([[m.logit for m in media] / np.std([m.logit for m in media]) for media in runs], 0)
    return [replace(m, logit=float(value)) for m, value in zip(runs[0], logits)]


def thirds(media: list[ScoredMedium], measure: int) -> list[float]:
    """AUC inside thirds of a baseline measure, from little to much."""
    values = np.array([abs(m.baselines[measure]) for m in media])
    edges = np.quantile(values, [0, 1 / 3, 2 / 3, 1])
    parts = [[m for m, v in zip(media, values) if low <= v < high or v == high == edges[-1]] for low, high in zip(edges[:-1], edges[1:])]
    return [auc(np.array([m.fake for m in part]), np.array([m.logit for m in part])) for part in parts]


def table(scored: dict[tuple[str, str], list[ScoredMedium]], rounds: int = 1000) -> str:
    """Markdown of (source, run) to media; a row more for each forgery where there are several."""
    lines = [
        "| left out | run | real / fake media | AUC [95 %] | blurry | face size | brightness | thirds of sharpness | thirds of face size |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (source, run), media in scored.items():
        forgeries = sorted({m.forgery for m in media if m.fake})
        parts = {source: media}
        if len(forgeries) > 1:
            parts |= {f"{source}, {forgery}": [m for m in media if not m.fake or m.forgery == forgery] for forgery in forgeries}
        for name, part in parts.items():
            r = figures(part, rounds)
            within = [" / ".join(f"{v:.2f}" for v in thirds(part, measure)) for measure in MEASURES.values()]
            lines.append(
                f"| {name} | {run} | {r['real']} / {r['fake']} | {r['auc']:.3f} [{r['auc_low']:.3f}, {r['auc_high']:.3f}] | "
                f"{r['baseline_blurry']:.2f} | {r['baseline_face_size']:.2f} | {r['baseline_brightness']:.2f} | {within[0]} | {within[1]} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--per-class", type=int, default=1000, help="media of a source and class, at most")
    parser.add_argument("--face-pixels", type=float, default=math.inf, help="bring every face down to so many pixels: takes fine texture away")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    crops = CropSet.open(arguments.crops, arguments.manifest)
    scored: dict[tuple[str, str], list[ScoredMedium]] = {}
    for config in map(read_config, arguments.configs):
        for source in left_out(config, crops):
            scored[source, config.name] = score(config, crops, some_media(crops, source, arguments.per_class), arguments.face_pixels)
    for source in sorted({source for source, _ in scored}):
        runs = [media for (of, _), media in scored.items() if of == source]
        if len(runs) > 1:
            scored[source, "all of them"] = together(runs)
    print(table(dict(sorted(scored.items(), key=lambda item: item[0][0]))), end="")


if __name__ == "__main__":
    main()
