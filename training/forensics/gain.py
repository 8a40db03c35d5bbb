"""What the signals add to the networks on held-out people: fusion with and without each group of signals.

    python3 -m forensics.gain --rows ROWS.jsonl --manifest DATA/manifest.csv --scores runs/NAME/scores.csv …

Media of the manifest's split `val` that the networks have scored (`detector.evaluate`, condition `clean`). A logistic regression on the networks' logits
alone is compared with one on logits and a group (measures, flags for those that are missing), and one on everything with one on everything but the
group; all are cross-fitted over groups of people, every source and class counting the same. The figure is the mean over the sources of the
AUC; the interval is that of the difference, whole groups resampled. A group earns weight where the first interval lies above 0. The figures go into
`models/forensics.json` too: what has weight there without them is refused by a test.
"""

from __future__ import annotations

import argparse
import csv
import json
import os

import numpy as np

from detector.metrics import auc, fit_logistic

from . import measure

QUALITY = ("blurry", "face_size", "brightness")


def network_logits(paths: list[str]) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
    """Logits of every network, and measures of quality, by medium."""
    tables = []
    for path in paths:
        with open(path, newline="") as file:
            tables.append({row["path"]: row for row in csv.DictReader(file) if row["condition"] == "clean"})
    everywhere = [path for path in tables[0] if all(path in table for table in tables)]
    logits = {path: tuple(float(table[path]["logit"]) for table in tables) for path in everywhere}
    return logits, {path: tuple(float(tables[0][path][name]) for name in QUALITY) for path in everywhere}


def held_out(signals: dict[str, measure.Rows], logits: dict[str, tuple[float, ...]]) -> tuple[measure.Rows, dict[str, np.ndarray]]:
    """The media, and each signal's raw measure (NaN where it does not apply) in their order."""
    fitted = {}
    for name, rows in signals.items():
        if name in measure.CLASSIFIERS:
            rows = measure.fit_signal(rows)[1]
        elif name == measure.GEOMETRY:
            rows = measure.fit_face(rows)[1]
        fitted[name] = {p: r if a else np.nan for p, r, a in zip(rows.path, rows.raw, rows.applies)}
    base = next(iter(signals.values()))
    media = base.only(np.array([not train and path in logits for train, path in zip(base.train, base.path)]))
    return media, {name: np.array([values.get(p, np.nan) for p in media.path]) for name, values in fitted.items()}


def tells(column: np.ndarray) -> bool:
    """Whether a measure differs between media at all."""
    there = column[np.isfinite(column)]
    return len(there) > 1 and np.ptp(there) > 0


def design(columns: list[np.ndarray]) -> np.ndarray:
    """Standardised numbers, and a flag for each that is missing somewhere and not everywhere."""
    features = []
    for column in filter(tells, columns):
        there = np.isfinite(column)
        features.append(np.where(there, (column - column[there].mean()) / column[there].std(), 0))
        if not there.all():
            features.append((~there).astype(float))
    return np.stack(features, axis=1)


def cross_fitted(features: np.ndarray, media: measure.Rows) -> np.ndarray:
    fold = measure.folds(media.group, measure.FOLDS)
    scores = np.zeros(len(media.fake))
    for k in range(measure.FOLDS):
        inside = fold != k
        beta = fit_logistic(features[inside], media.fake[inside], measure.balance(media.source[inside], media.fake[inside]), ridge=3.0)
        scores[~inside] = features[~inside] @ beta[:-1] + beta[-1]
    return scores


def mean_auc(media: measure.Rows, scores: np.ndarray, rows: np.ndarray, sources: list[str]) -> float:
    fake, source, scores = media.fake[rows], media.source[rows], scores[rows]
    return float(np.nanmean([auc(fake[source == s], scores[source == s]) for s in sources]))


def compare(media: measure.Rows, groups: dict[str, list[np.ndarray]], logits: np.ndarray, rounds: int = 500) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Lines of the table, and the gain of each group. `logits`: one row a medium, one column a network."""
    sources = [str(s) for s in np.unique(media.source) if len(set(media.fake[media.source == s])) == 2]
    inside = np.isin(media.source, sources)
    media, networks = media.only(inside), list(logits[inside].T)
    groups = {name: [column[inside] for column in columns if tells(column[inside])] for name, columns in groups.items()}
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(media.group == g) for g in np.unique(media.group)]
    draws = [np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]) for _ in range(rounds)]
    every = np.arange(len(media.fake))

    def difference(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
        drawn = [mean_auc(media, one, rows, sources) - mean_auc(media, other, rows, sources) for rows in draws]
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        return mean_auc(media, one, every, sources) - mean_auc(media, other, every, sources), float(low), float(high)

    def each(scores: np.ndarray) -> str:
        return ", ".join(f"{s} {auc(media.fake[media.source == s], scores[media.source == s]):.3f}" for s in sources)

    alone = cross_fitted(design(networks), media)
    everything = cross_fitted(design([*networks, *sum(groups.values(), [])]), media)
    lines = [f"| networks alone | **{mean_auc(media, alone, every, sources):.3f}** | | | {each(alone)} |"]
    gains = {}
    for name, columns in groups.items():
        if not columns:
            lines.append(f"| + {name} | – | no held-out medium tells anything | | |")
            continue
        with_it = cross_fitted(design([*networks, *columns]), media)
        without = cross_fitted(design([*networks, *sum((c for n, c in groups.items() if n != name), [])]), media)
        gain, low, high = difference(with_it, alone)
        lost, lost_low, lost_high = difference(without, everything)
        gains[name] = {"value": round(gain, 4), "low": round(low, 4), "high": round(high, 4)}
        lines.append(f"| + {name} | {mean_auc(media, with_it, every, sources):.3f} | {gain:+.3f} [{low:+.3f}, {high:+.3f}] | {lost:+.3f} [{lost_low:+.3f}, {lost_high:+.3f}] | {each(with_it)} |")
    gain, low, high = difference(everything, alone)
    lines.append(f"| + everything | {mean_auc(media, everything, every, sources):.3f} | {gain:+.3f} [{low:+.3f}, {high:+.3f}] | | {each(everything)} |")
    return lines, gains


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", required=True)
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--scores", required=True, nargs="+", help="scores.csv of each network")
    parser.add_argument("--out", default=os.path.join(measure.ROOT, "models", "forensics.json"), help="written by forensics.measure; gets the gains")
    parser.add_argument("--card", default=os.path.join(measure.ROOT, "docs", "forensics.md"))
    options = parser.parse_args(arguments)
    logits, quality = network_logits(options.scores)
    media, values = held_out(measure.read(options.rows, options.manifest), logits)
    groups = {group: [values[name] for name in names if name in values] for group, names in measure.GROUPS.items()}
    groups["quality"] = list(np.array([quality[p] for p in media.path]).T)
    lines, gains = compare(media, groups, np.array([logits[p] for p in media.path]))
    with open(options.out) as file:
        document = json.load(file)
    document["groups"] = {name: {"signals": list(measure.GROUPS[name]), "gain": gain} for name, gain in gains.items() if name in measure.GROUPS}
    measure.write(document, options.out)
    text = "\n".join([
        f"{len(media.path)} held-out media.", "",
        "| fusion | AUC, mean over sources | gain, 95 % interval | everything without it | by source |", "|---|---|---|---|---|", *lines])
    measure.replace(options.card, "gain", text)
    print(text)


if __name__ == "__main__":
    main()
