"""Calibrates models on held-out people and fits `models/fusion.json`:
`python3 -m detector.calibrate configs/NAME.toml [configs/OTHER.toml …] --version 1.0.0`.

Reads each run's `scores.csv` and `metrics.json` (see `evaluate`), writes `calibration` and `metrics` into each `models/NAME/model.json`, the table
into its card, and the fusion. What is reported of calibration and thresholds is cross-fitted: fitted on one half of the held-out
people, measured on the other; what ships is fitted on both.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import metrics
from .config import Config, read_config
from .data import fold_of
from .evaluate import ScoredMedium, markdown, read_scores
from .export import MODELS

PAIRED_SOURCES = ("ffpp_c23", "ffpp_crops", "openforensics", "whole_face")
"""Sources with both classes that fit the probability. Self-blends are left out: with them the probability is modest about fakes of other
kinds, and on labelled ones off by 0.09 instead of 0.05."""

MAX_SPREAD = 0.6
"""Models, specialists aside, whose probabilities lie this far apart leave a clear verdict inconclusive."""

Floors = tuple[float | None, ...]
"""For each model the calibrated logit from which on it has a say; None: always."""

SELF_BLENDS = "self_blend"

STEPS = np.linspace(0, 5, 101)
"""Weights that are tried for a specialist."""

WHOLE_FACE = ("stylegan", "portraits_gan")
"""Fitted as one source: the studio portraits have no reals of their own."""

REAL_SOURCES = ("ffpp_c23", "ffpp_crops", "lfw", "openforensics", "stylegan")
"""Sources whose authentic media set the thresholds."""

SOURCE_CAP = 200
"""Media from which on a source weighs no more."""

ENOUGH_PEOPLE = 50
"""Clean authentic media from which on a source has a say of its own in the threshold."""

MANY_PEOPLE = 400
"""Clean authentic media from which on their own tail is count enough."""

TAIL = 0.15
"""Share of a source's authentic media that its tail is fitted to."""

FALSE_POSITIVE_RATE = 0.01
SUSPICIOUS_RATE = 0.05


def fit_source(source: str) -> str:
    """The source a medium counts for in fits."""
    return "whole_face" if source in WHOLE_FACE else source


@dataclass(frozen=True)
class Medium:
    """One medium under one condition with the logits of all models."""

    path: str
    source: str
    group: str
    condition: str
    fake: bool
    logits: tuple[float, ...]
    sharpness: float
    size: float


def join(scores: list[list[ScoredMedium]]) -> list[Medium]:
    """Joins the scores of several models by path, source, condition and class. Raises ValueError when they scored different media."""
    keyed = [{(m.path, m.source, m.condition, m.fake): m for m in one} for one in scores]
    if any(keys.keys() != keyed[0].keys() for keys in keyed):
        raise ValueError("the models were scored on different media.")
    return [
        Medium(m.path, m.source, m.group, m.condition, m.fake, tuple(one[key].logit for one in keyed), -m.baselines[0], m.baselines[1])
        for key, m in keyed[0].items()
    ]


def balanced_weights(media: list[Medium]) -> np.ndarray:
    """Weights that give both classes of a source the same sum, and each source a sum that grows with its media up to a cap."""
    weights = np.zeros(len(media))
    for source in {fit_source(m.source) for m in media}:
        people = {(m.group, m.fake) for m in media if fit_source(m.source) == source}
        for fake in (False, True):
            inside = [i for i, m in enumerate(media) if fit_source(m.source) == source and m.fake == fake]
            for i in inside:
                weights[i] = min(len(people), SOURCE_CAP) / 2 / len(inside)
    return weights


def platt(media: list[Medium], model: int) -> tuple[float, float]:
    """Slope and offset of one model."""
    inside = [m for m in media if fit_source(m.source) in PAIRED_SOURCES]
    logits = np.array([m.logits[model] for m in inside])
    a, b = metrics.fit_logistic(logits, np.array([m.fake for m in inside]), balanced_weights(inside))
    return float(a), float(b)


def fuse(media: list[Medium], calibrations: list[tuple[float, float]], floors: Floors) -> tuple[float, list[float]]:
    """Intercept and weights over what the models say. One model is its own fusion; no model counts against its own score.

    How much the models other than specialists weigh against each other is fitted on self-blends of held-out people, where there are any: labelled
    fakes are of kinds that the models were taught, and would choose the one that learned them best by heart.
    """
    if len(calibrations) == 1:
        return 0.0, [1.0]
    general = [m for m, floor in enumerate(floors) if floor is None]
    special = [m for m, floor in enumerate(floors) if floor is not None]
    labelled = [m for m in media if fit_source(m.source) in PAIRED_SOURCES]
    blends = [m for m in media if m.source == SELF_BLENDS] or labelled
    _, shares = _fit_positive(sayings(blends, calibrations, floors)[:, general], blends)
    shares = shares / shares.sum()
    said = sayings(labelled, calibrations, floors)
    combined = said[:, general] @ shares
    swaps = [i for i, m in enumerate(labelled) if m.source not in WHOLE_FACE]
    intercept, of_swaps = _fit_positive(np.column_stack([combined, said[:, special]])[swaps], [labelled[i] for i in swaps])
    # A specialist's own weight comes from all sources, on top of what the others say.
    fitted = [of_swaps[0], *_fit_on_top(intercept + of_swaps[0] * combined, said[:, special], labelled)]
    weights = np.zeros(len(floors))
    weights[general], weights[special] = fitted[0] * shares, fitted[1:]
    return intercept, [float(weight) for weight in weights]


def _fit_positive(said: np.ndarray, media: list[Medium]) -> tuple[float, np.ndarray]:
    """Logistic regression without negative weights: the most negative one is left out until there is none."""
    used = list(range(said.shape[1]))
    while True:
        *weights, intercept = metrics.fit_logistic(said[:, used], np.array([m.fake for m in media]), balanced_weights(media), ridge=1.0)
        if min(weights) >= 0 or len(used) == 1:
            kept = np.zeros(said.shape[1])
            kept[used] = weights
            return float(intercept), kept
        used.pop(int(np.argmin(weights)))


def _fit_on_top(offsets: np.ndarray, said: np.ndarray, media: list[Medium]) -> np.ndarray:
    """Weights ≥ 0 of least loss beside fixed log-odds, one after another, twice around."""
    labels, balance = np.array([m.fake for m in media]), balanced_weights(media)
    weights = np.zeros(said.shape[1])
    for at in [*range(len(weights))] * 2:
        others = offsets + np.delete(said, at, 1) @ np.delete(weights, at)
        losses = [np.average(np.logaddexp(0, np.where(labels, -1, 1) * (others + w * said[:, at])), weights=balance) for w in STEPS]
        weights[at] = STEPS[int(np.argmin(losses))]
    return weights


def sayings(media: list[Medium], calibrations: list[tuple[float, float]], floors: Floors) -> np.ndarray:
    """[media, models]: calibrated logits, of a specialist what exceeds its floor."""
    logits = [calibrated(media, calibrations, model) for model in range(len(calibrations))]
    return np.stack([of_one if floor is None else np.maximum(of_one - floor, 0) for of_one, floor in zip(logits, floors)], 1)


PROFILES = {"strict": (0.02, 0.003), "sensitive": (0.10, 0.05)}
"""Shares of authentic media above `suspicious` and `manipulated` for the profiles beside the balanced one."""


def thresholds(media: list[Medium], p: np.ndarray, suspicious: float = SUSPICIOUS_RATE, manipulated: float = FALSE_POSITIVE_RATE) -> tuple[float, float]:
    """Suspicious and manipulated: above the asked share of authentic media, pooled under all conditions and, for `manipulated`, of each source
    with enough people. The strictest source decides: an average would let one of them pay for the others."""
    rows = [i for i, m in enumerate(media) if not m.fake and m.source in REAL_SOURCES]
    counts = {source: sum(media[i].source == source for i in rows) for source in REAL_SOURCES}
    # A source with few media says little about its tail: it weighs by what it has.
    weights = np.array([min(counts[media[i].source], SOURCE_CAP) / counts[media[i].source] for i in rows])
    values = np.array([p[i] for i in rows])
    low, high = _quantile(values, weights, 1 - suspicious), _quantile(values, weights, 1 - manipulated)
    for source in REAL_SOURCES:
        clean = np.array([p[i] for i in rows if media[i].source == source and media[i].condition == "clean"])
        if len(clean) >= ENOUGH_PEOPLE:
            high = max(high, _quantile(clean, np.ones(len(clean)), 1 - manipulated))
        if ENOUGH_PEOPLE <= len(clean) < MANY_PEOPLE:
            high = max(high, _tail_quantile(clean, manipulated))
    return low, max(low, high)


def _tail_quantile(p: np.ndarray, share: float) -> float:
    """The probability that a share of such media exceeds, read off an exponential tail of the log-odds: with sixty people the largest value
    seen is exceeded by one in sixty of the next ones, and no count of those at hand shows it."""
    logits = np.log(np.clip(p, 1e-6, 1 - 1e-6) / (1 - np.clip(p, 1e-6, 1 - 1e-6)))
    start = float(np.quantile(logits, 1 - TAIL))
    excess = logits[logits > start] - start
    if share >= TAIL or not len(excess):
        return 0.0
    return float(np.clip(metrics.sigmoid(start + excess.mean() * np.log(TAIL / share)), 0.01, 0.9995))


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The least value that at most 1 − share of the weight reaches or exceeds, a little above the data."""
    order = np.argsort(values)
    above = 1 - np.cumsum(weights[order]) / weights.sum()
    at = int(np.argmax(above <= 1 - share + 1e-12))
    return float(np.clip(values[order][at] + 1e-4, 0.01, 0.9995))


def calibrated(media: list[Medium], calibrations: list[tuple[float, float]], model: int) -> np.ndarray:
    """[media]: log-odds by one model alone."""
    a, b = calibrations[model]
    return a * np.array([m.logits[model] for m in media]) + b


@dataclass(frozen=True)
class Fit:
    """Everything that ships."""

    calibrations: list[tuple[float, float]]
    floors: Floors
    intercept: float
    weights: list[float]
    suspicious: float
    manipulated: float

    @staticmethod
    def to(media: list[Medium], floors: Floors) -> "Fit":
        """Fits calibrations, fusion and thresholds; one floor a model."""
        calibrations = [platt(media, m) for m in range(len(floors))]
        fit = Fit(calibrations, floors, *fuse(media, calibrations, floors), 1.0, 1.0)
        suspicious, manipulated = thresholds(media, fit.probabilities(media))
        return replace(fit, suspicious=suspicious, manipulated=manipulated)

    def logits(self, media: list[Medium]) -> np.ndarray:
        """Fused logits."""
        return self.intercept + sayings(media, self.calibrations, self.floors) @ np.array(self.weights)

    def probabilities(self, media: list[Medium]) -> np.ndarray:
        """What the service would say of each medium with one face."""
        return metrics.sigmoid(self.logits(media))

    def spread(self, media: list[Medium]) -> np.ndarray:
        """How far apart the models' probabilities lie, specialists aside."""
        general = [m for m, floor in enumerate(self.floors) if floor is None]
        return np.ptp([metrics.sigmoid(calibrated(media, self.calibrations, m)) for m in general], axis=0)


def cross_fitted(media: list[Medium], floors: Floors) -> dict:
    """Calibration error, false alarms and detections on people that the fit did not see."""
    p, suspicious, manipulated, spread = (np.zeros(len(media)) for _ in range(4))
    for fold in (0, 1):
        inside = np.array([fold_of(m.group) == fold for m in media])
        fit = Fit.to([m for m, here in zip(media, inside) if not here], floors)
        held = [m for m, here in zip(media, inside) if here]
        p[inside], spread[inside] = fit.probabilities(held), fit.spread(held)
        suspicious[inside], manipulated[inside] = fit.suspicious, fit.manipulated
    contradicting = (spread >= MAX_SPREAD) & ((p >= manipulated) | (p < suspicious))
    labels = np.array([m.fake for m in media])
    result: dict = {"rates_at_thresholds": {}}
    labelled = [source for source in PAIRED_SOURCES if source != "whole_face"]
    for name, sources in (("swaps", labelled), ("swaps_and_whole_face", [*labelled, *WHOLE_FACE])):
        for condition in ("clean", "all"):
            rows = np.array([m.source in sources and condition in (m.condition, "all") for m in media])
            result[f"ece_{name}_{condition}"] = round(metrics.ece(labels[rows], p[rows]), 4)
            result[f"brier_{name}_{condition}"] = round(metrics.brier(labels[rows], p[rows]), 4)
    for source in sorted({m.source for m in media}):
        for fake in (False, True):
            rows = np.array([m.source == source and m.fake == fake for m in media])
            if rows.any():
                clean = rows & np.array([m.condition in ("clean", "drawn") for m in media])
                result["rates_at_thresholds"][f"{source} {'fake' if fake else 'real'}"] = {
                    "media": int(clean.sum()),
                    "manipulated_clean": round(float(((p >= manipulated) & ~contradicting)[clean].mean()), 4),
                    "suspicious_or_manipulated_clean": round(float(((p >= suspicious) & ~contradicting)[clean].mean()), 4),
                    "inconclusive_clean": round(float(contradicting[clean].mean()), 4),
                    "manipulated_all_conditions": round(float(((p >= manipulated) & ~contradicting)[rows].mean()), 4),
                }
    return result


def rates_markdown(result: dict) -> str:
    """The thresholds' table for a card."""
    errors = ", ".join(
        f"{checked_for} {result[f'ece_{name}_clean']:.3f} clean and {result[f'ece_{name}_all']:.3f} under all conditions"
        for name, checked_for in (("swaps", "swaps"), ("swaps_and_whole_face", "with whole-face synthesis"))
    )
    lines = [f"Expected calibration error: {errors}.", "", "| held-out | media | called manipulated | suspicious or manipulated | inconclusive, models disagree | manipulated, all conditions |", "|---|---|---|---|---|---|"]
    for title, r in result["rates_at_thresholds"].items():
        shares = [r[name] for name in ("manipulated_clean", "suspicious_or_manipulated_clean", "inconclusive_clean", "manipulated_all_conditions")]
        lines.append(f"| {title} | {r['media']} | " + " | ".join(f"{100 * share:.1f} %" for share in shares) + " |")
    return "\n".join(lines) + "\n"


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


def _signals(path: Path) -> dict:
    """Weights of the signals beside the nets, which are fitted elsewhere and stay as they are."""
    return json.loads(path.read_text()).get("signals", {}) if path.exists() else {}


def write(configs: list[Config], scores: list[list[ScoredMedium]], version: str) -> None:
    """Writes manifests, cards and fusion."""
    media = join(scores)
    floors = tuple(config.speaks_from for config in configs)
    fit, checked = Fit.to(media, floors), cross_fitted(media, floors)
    if not any(weight > 0 and floor is None for weight, floor in zip(fit.weights, floors)):
        raise ValueError("no model but specialists has a weight above 0: the service would refuse such a fusion.")
    p = fit.probabilities(media)
    profiles = {}
    for name, rates in PROFILES.items():
        suspicious, manipulated = thresholds(media, p, *rates)
        profiles[name] = {"suspicious": round(suspicious, 4), "manipulated": round(manipulated, 4), "false_positive_rate": rates[1]}
    for at, config in enumerate(configs):
        path = MODELS / config.name / "model.json"
        model = json.loads(path.read_text())
        a, b = fit.calibrations[at]
        model["calibration"] = {"a": round(a, 5), "b": round(b, 5)}
        rows = json.loads((config.run_folder / "metrics.json").read_text())
        model["metrics"] = {
            "held_out": rows, "sharpness_thirds_auc": by_thirds(scores[at], 0), "face_size_thirds_auc": by_thirds(scores[at], 1),
            "cross_fitted": checked,
        }
        path.write_text(json.dumps(model, indent=2) + "\n")
        card = MODELS / config.name / "README.md"
        if card.exists():
            text = replace_section(card.read_text(), "figures", markdown(rows))
            card.write_text(replace_section(text, "thresholds", rates_markdown(checked)))
    fusion = {
        "version": version,
        "intercept": round(fit.intercept, 5),
        "models": {config.name: round(weight, 5) for config, weight in zip(configs, fit.weights)},
        "floors": {config.name: config.speaks_from for config in configs if config.speaks_from is not None},
        "signals": _signals(MODELS / "fusion.json"),
        "pooling": {"method": "upper_mean", "upper": 0.5, "quality_weighted": False, "track_sharpness": 2.0, "logit_clamp": 8.0},
        "thresholds": {"suspicious": round(fit.suspicious, 4), "manipulated": round(fit.manipulated, 4)},
        "false_positive_rate": FALSE_POSITIVE_RATE,
        "profiles": profiles,
        "quality_gates": {"min_face_pixels": 48, "min_sharpness": 4},
        "cross_fitted": checked,
    }
    if floors.count(None) > 1:
        fusion["disagreement"] = {"max_spread": MAX_SPREAD, "verdict": "inconclusive"}
    (MODELS / "fusion.json").write_text(json.dumps(fusion, indent=2) + "\n")
    print(json.dumps({k: v for k, v in fusion.items() if k != "cross_fitted"}, indent=2))
    print({name: value for name, value in checked.items() if name.startswith(("ece", "brier"))})
    print(rates_markdown(checked), end="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    configs = [read_config(path) for path in arguments.configs]
    write(configs, [read_scores(config.run_folder / "scores.csv") for config in configs], arguments.version)


if __name__ == "__main__":
    main()
