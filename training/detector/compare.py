"""What fusion adds: `python3 -m detector.compare configs/A.toml configs/B.toml …` prints, for every source, the AUC of each model, of the
plain mean of their calibrated logits, and of the fitted fusion, all on people that neither calibration nor fusion saw (two folds), with
95 % intervals; what the trivial baselines reach; the same inside thirds of sharpness and face size; and under every condition.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import metrics
from .calibrate import Fit, Floors, Medium, calibrated, fit_source, join
from .config import read_config
from .data import fold_of
from .evaluate import read_scores

Scores = dict[str, np.ndarray]


def held_out_scores(media: list[Medium], names: list[str], floors: Floors) -> Scores:
    """Scores of every medium by a fit to the other fold: each model, their mean, and the fusion."""
    scores = {name: np.zeros(len(media)) for name in [*names, "mean", "fusion"]}
    for fold in (0, 1):
        inside = np.array([fold_of(m.group) == fold for m in media])
        fit = Fit.to([m for m, here in zip(media, inside) if not here], floors)
        held = [m for m, here in zip(media, inside) if here]
        logits = np.stack([calibrated(held, fit.calibrations, model) for model in range(len(names))])
        for name, values in zip(names, logits):
            scores[name][inside] = values
        scores["mean"][inside] = logits.mean(0)
        scores["fusion"][inside] = fit.logits(held)
    return scores


def baselines(media: list[Medium]) -> Scores:
    """Trivial measures as scores."""
    return {"blurry": np.array([-m.sharpness for m in media]), "face size": np.array([m.size for m in media])}


def areas(media: list[Medium], scores: Scores, rows: np.ndarray, rounds: int = 1000) -> dict[str, tuple[float, float, float]]:
    """AUC with interval of every score on some media; baselines turned the way that suits them."""
    labels = np.array([m.fake for m in media])[rows]
    groups = np.array([m.group for m in media])[rows]
    result = {}
    for name, values in {**scores, **baselines(media)}.items():
        values = values[rows]
        if name not in scores and metrics.auc(labels, values) < 0.5:
            values = -values
        result[name] = (metrics.auc(labels, values), *metrics.bootstrap(metrics.auc, labels, values, groups, rounds))
    return result


def gain(media: list[Medium], scores: Scores, sources: list[str], against: str, rounds: int = 1000) -> tuple[float, float, float]:
    """Mean over sources of AUC(fusion) − AUC(against) on clean media, with the interval of that difference (people resampled once for
    both, so that what they share does not widen it)."""
    rng = np.random.default_rng(0)
    inside = {source: np.flatnonzero([fit_source(m.source) == source and m.condition in ("clean", "drawn") for m in media]) for source in sources}
    labels, groups = np.array([m.fake for m in media]), np.array([m.group for m in media])
    difference = lambda rows: metrics.auc(labels[rows], scores["fusion"][rows]) - metrics.auc(labels[rows], scores[against][rows])
    draws = np.zeros((rounds, len(sources)))
    for column, rows in enumerate(inside.values()):
        _, codes = np.unique(groups[rows], return_inverse=True)
        order = np.argsort(codes, kind="stable")
        members = np.split(rows[order], np.cumsum(np.bincount(codes))[:-1])
        for r in range(rounds):
            draws[r, column] = difference(np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))]))
    low, high = np.nanpercentile(np.nanmean(draws, 1), [2.5, 97.5])
    return float(np.mean([difference(rows) for rows in inside.values()])), float(low), float(high)


def differences(media: list[Medium], rounds: int = 300) -> dict[str, tuple[float, float, float]]:
    """By source: AUC of the last model less that of the first, with the interval of that difference (people resampled once for both)."""
    found = {}
    for source in sorted({m.source for m in media}):
        inside = [m for m in media if m.source == source]
        labels, groups = np.array([m.fake for m in inside]), np.array([m.group for m in inside])
        if labels.all() or not labels.any():
            continue
        first, last = (np.array([m.logits[at] for m in inside]) for at in (0, -1))
        gained = lambda rows: metrics.auc(labels[rows], last[rows]) - metrics.auc(labels[rows], first[rows])
        _, codes = np.unique(groups, return_inverse=True)
        members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
        rng = np.random.default_rng(0)
        draws = [gained(np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])) for _ in range(rounds)]
        found[source] = (gained(np.arange(len(inside))), *np.nanpercentile(draws, [2.5, 97.5]))
    return found


def table(title: str, rows: dict[str, tuple[str, dict[str, tuple[float, float, float]]]]) -> str:
    """One Markdown table."""
    names = list(next(iter(rows.values()))[1])
    lines = [f"| {title} | real / fake | " + " | ".join(names) + " |", "|" + "---|" * (2 + len(names))]
    for name, (counts, values) in rows.items():
        lines.append(f"| {name} | {counts} | " + " | ".join(f"{v:.3f} [{low:.3f}, {high:.3f}]" for v, low, high in values.values()) + " |")
    return "\n".join(lines) + "\n"


def report(media: list[Medium], names: list[str], floors: Floors) -> tuple[str, dict]:
    """All tables, and the numbers."""
    scores = held_out_scores(media, names, floors)
    numbers: dict = {}
    at = lambda test: np.flatnonzero([test(m) for m in media])
    counted = lambda rows: f"{sum(not media[i].fake for i in rows)} / {sum(media[i].fake for i in rows)}"
    clean = ("clean", "drawn")
    tests = {"ffpp_c23": ["ffpp_c23"], "ffpp_crops": ["ffpp_crops"], "openforensics": ["openforensics"], "self_blend": ["self_blend"],
             "stylegan": ["stylegan"], "portraits_gan against stylegan reals": ["stylegan", "portraits_gan"]}
    rows = {}
    for name, sources in tests.items():
        inside = at(lambda m: m.condition in clean and m.source in sources and not (len(sources) == 2 and m.fake and m.source == "stylegan"))
        rows[name] = (counted(inside), areas(media, scores, inside))
    numbers["clean"] = rows
    text = table("held-out people, clean", rows) + "\n"

    sources = [source for source in ("ffpp_c23", "ffpp_crops", "openforensics", "self_blend", "whole_face")]
    for against in [*names, "mean"]:
        value, low, high = gain(media, scores, sources, against)
        numbers[f"fusion - {against}"] = (value, low, high)
        text += f"Fusion minus {against}, mean over {len(sources)} sources: {value:+.3f} [{low:+.3f}, {high:+.3f}].\n"

    swaps = ("ffpp_c23", "ffpp_crops", "openforensics")
    for measure, of in (("sharpness", lambda m: m.sharpness), ("face size", lambda m: m.size)):
        inside = at(lambda m: m.condition == "clean" and m.source in swaps)
        values = np.array([of(media[i]) for i in inside])
        edges = np.quantile(values, [0, 1 / 3, 2 / 3, 1])
        rows = {}
        for low, high in zip(edges[:-1], edges[1:]):
            part = inside[(values >= low) & ((values < high) | (high == edges[-1]))]
            rows[f"{low:.0f}–{high:.0f}"] = (counted(part), areas(media, scores, part))
        numbers[f"thirds of {measure}"] = rows
        text += "\n" + table(f"swaps, thirds of {measure}", rows)

    conditions = [c for c in dict.fromkeys(m.condition for m in media) if c not in clean]
    sampled = {m.path for m in media if m.condition not in clean}
    for name, sources in (("swaps", swaps), ("whole-face synthesis", ("stylegan", "portraits_gan"))):
        rows = {}
        for condition in conditions:
            # The same media under every condition: those that all were scored under.
            inside = at(lambda m: m.condition == condition and m.source in sources and m.path in sampled)
            rows[condition] = (counted(inside), areas(media, scores, inside))
        numbers[f"conditions, {name}"] = rows
        text += "\n" + table(f"{name}, condition", rows)
    return text, numbers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="writes compare.md and compare.json here")
    parser.add_argument("--versions", action="store_true", help="two versions of one model: only how they differ, on clean media")
    arguments = parser.parse_args()
    configs = [read_config(path) for path in arguments.configs]
    scores = [read_scores(config.run_folder / "scores.csv") for config in configs]
    if arguments.versions:
        media = join([[m for m in media if m.condition in ("clean", "drawn")] for media in scores])
        for source, (value, low, high) in differences(media).items():
            print(f"{source}: {value:+.4f} [{low:+.4f}, {high:+.4f}]")
        return
    text, numbers = report(join(scores), [config.name for config in configs], tuple(config.speaks_from for config in configs))
    if arguments.out:
        (arguments.out / "compare.md").write_text(text)
        (arguments.out / "compare.json").write_text(json.dumps(numbers, indent=1) + "\n")
    print(text, end="")


if __name__ == "__main__":
    main()
