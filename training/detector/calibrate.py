"""Calibrates models one by one on held-out people: `python3 -m detector.calibrate configs/NAME.toml [configs/OTHER.toml …]`.

Reads each run's `scores.csv` and `metrics.json` (see `evaluate`), writes `calibration` and `metrics` into `models/NAME/model.json` and the table into
its card. How members become one verdict is fitted by `detector.fusion`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import metrics
from .config import Config, read_config
from .evaluate import ScoredMedium, markdown, read_scores
from .export import MODELS

PAIRED_SOURCES = ("ffpp_c23", "ffpp_crops", "openforensics", "whole_face")
"""Sources with both classes that fit the probability. Self-blends are left out: with them the probability is modest about fakes of other
kinds, and on labelled ones off by 0.09 instead of 0.05."""

WHOLE_FACE = ("stylegan", "portraits_gan")
"""Fitted as one source: the studio portraits have no reals of their own."""

SOURCE_CAP = 200
"""Media from which on a source weighs no more."""


def fit_source(source: str) -> str:
    """The source a medium counts for in fits."""
    return "whole_face" if source in WHOLE_FACE else source


def balanced_weights(media: list[ScoredMedium]) -> np.ndarray:
    """Weights that give both classes of a source the same sum, and each source a sum that grows with its media up to a cap."""
    weights = np.zeros(len(media))
    for source in {fit_source(m.source) for m in media}:
        people = {(m.group, m.fake) for m in media if fit_source(m.source) == source}
        for fake in (False, True):
            inside = [i for i, m in enumerate(media) if fit_source(m.source) == source and m.fake == fake]
            for i in inside:
                weights[i] = min(len(people), SOURCE_CAP) / 2 / len(inside)
    return weights


def platt(media: list[ScoredMedium]) -> tuple[float, float]:
    """Slope and offset of one model."""
    inside = [m for m in media if fit_source(m.source) in PAIRED_SOURCES]
    a, b = metrics.fit_logistic(np.array([m.logit for m in inside]), np.array([m.fake for m in inside]), balanced_weights(inside))
    return float(a), float(b)


def by_thirds(scores: list[ScoredMedium], at: int) -> dict[str, float]:
    """AUC inside thirds of a baseline measure (0: sharpness, 1: face size), clean media of paired sources pooled."""
    inside = [m for m in scores if m.condition == "clean" and fit_source(m.source) in PAIRED_SOURCES]
    values = np.array([abs(m.baselines[at]) for m in inside])
    edges = np.quantile(values, [0, 1 / 3, 2 / 3, 1])
    result = {}
    for low, high in zip(edges[:-1], edges[1:]):
        part = [m for m, v in zip(inside, values) if low <= v < high or v == high == edges[-1]]
        result[f"{low:.0f}-{high:.0f}"] = metrics.auc([m.fake for m in part], np.array([m.logit for m in part]))
    return {name: round(value, 4) for name, value in result.items()}


def replace_section(text: str, name: str, content: str) -> str:
    """Puts generated text between `<!-- name -->` and `<!-- /name -->`. Raises ValueError when the marks are missing."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"the card has no section '{name}'.")
    head, rest = text.split(begin, 1)
    return head + begin + content + end + rest.split(end, 1)[1]


def write(config: Config, scores: list[ScoredMedium]) -> None:
    """Writes manifest and card of one model."""
    path = MODELS / config.name / "model.json"
    model = json.loads(path.read_text())
    a, b = platt(scores)
    model["calibration"] = {"a": round(a, 5), "b": round(b, 5)}
    rows = json.loads((config.run_folder / "metrics.json").read_text())
    model["metrics"] = {"held_out": rows, "sharpness_thirds_auc": by_thirds(scores, 0), "face_size_thirds_auc": by_thirds(scores, 1)}
    path.write_text(json.dumps(model, indent=2) + "\n")
    card = MODELS / config.name / "README.md"
    if card.exists():
        card.write_text(replace_section(card.read_text(), "figures", markdown(rows)))
    print(f"{config.name}: probability = sigmoid({a:.5f} x logit + {b:.5f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+")
    for config in map(read_config, parser.parse_args().configs):
        write(config, read_scores(config.run_folder / "scores.csv"))


if __name__ == "__main__":
    main()
