"""What forensic signals add to the fusion of the networks on kinds of fakes that no fit was shown.

    python3 -m forensics.left_out fusion.toml --evaluation ../evaluation/evaluation.csv

`./run evaluate` writes the numbers behind every signal beside the scores of the networks. For each kind of fakes left out, and for each half of the people
left out, the fusion is fitted to the rest; then one logistic regression on its log-odds and a signal's numbers, and another one on the log-odds alone. A signal
earns weight where it adds on most kinds: in the mean its gain must lie above what it would add to media whose numbers were exchanged at random.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector import fusion, metrics
from detector.data import fold_of

RIDGE = 1e-3
"""On coefficients of standardised numbers, where the weights of all media sum to two."""

LEAST_SHARE = 0.2
"""Signals that apply to fewer of the media are left out: the others would tell nothing but that they do not apply."""


def numbers(paths: list[Path], config: fusion.FusionConfig) -> dict[str, np.ndarray]:
    """For each signal that applies to enough of the media that `fusion.read` reads, its numbers [N, K] in the same order; NaN where it does not apply."""
    rows = [row for row, said in fusion.scored_rows(paths, config) if said is not None]
    columns: dict[str, list[str]] = defaultdict(list)
    for name in rows[0]:
        if "." in name:
            columns[name.split(".")[0]].append(name)
    read = {signal: np.array([[float(row[name]) if row.get(name) else np.nan for name in names] for row in rows]) for signal, names in sorted(columns.items())}
    return {signal: values for signal, values in read.items() if np.isfinite(values).any(1).mean() >= LEAST_SHARE}


def standardised(values: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """By median and spread of the media that a fit is shown, held inside ±3; 0 where the signal does not apply, and a column that says so."""
    middle = np.nanmedian(values[shown], 0)
    spread = np.nanpercentile(values[shown], 84, 0) - np.nanpercentile(values[shown], 16, 0)
    scaled = np.nan_to_num(np.clip((values - middle) / np.where(spread > 0, spread, 1), -3, 3))
    return np.hstack([scaled, np.isnan(values).all(1, keepdims=True)])


def gains(media: fusion.Scored, config: fusion.FusionConfig, signals: dict[str, np.ndarray], seed: int = 0) -> dict[str, dict[str, tuple[float, float]]]:
    """By signal and kind of fakes left out: how much AUC the signal adds, and how much its numbers add when they are exchanged at random."""
    exchanged = np.random.default_rng(seed).permutation(len(media.fake))
    fold = np.array([fold_of(people) for people in media.people])
    found: dict[str, dict[str, tuple[float, float]]] = {signal: {} for signal in signals}
    for left in (kind for kind in config.fake if (media.fake & (media.kind == kind)).any()):
        without = replace(config, fake={kind: weight for kind, weight in config.fake.items() if kind != left})
        weights = fusion.row_weights(media, without)
        fitted = [fusion.fit(media.where(fold != half), without) for half in (0, 1)]
        rows = fusion.reals_of(media, config, left) | (media.fake & (media.kind == left))

        def area(values: np.ndarray | None) -> float:
            fused = np.zeros(len(fold))
            for half in (0, 1):
                z = fitted[half].logits(media.logits)[:, None]
                shown = (fold != half) & (weights > 0)
                features = z if values is None else np.hstack([z, standardised(values, shown)])
                beta = metrics.fit_logistic(features[shown], media.fake[shown], weights[shown], RIDGE)
                fused[fold == half] = features[fold == half] @ beta[:-1] + beta[-1]
            return metrics.auc(media.fake[rows], fused[rows])

        alone = area(None)
        for signal, values in signals.items():
            found[signal][left] = area(values) - alone, area(values[exchanged]) - alone
    return found


def table(found: dict[str, dict[str, tuple[float, float]]]) -> str:
    """Markdown: a row a signal."""
    lines = ["| signal | mean gain on kinds left out | the same, numbers exchanged | better / worse on | most | least |", "|---|---|---|---|---|---|"]
    for signal, kinds in sorted(found.items(), key=lambda item: -np.mean([gain for gain, _ in item[1].values()])):
        gain = np.array([value for value, _ in kinds.values()])
        names = list(kinds)
        lines.append(
            f"| {signal} | {gain.mean():+.4f} | {np.mean([value for _, value in kinds.values()]):+.4f} | {(gain > 0.002).sum()} / {(gain < -0.002).sum()} "
            f"| {names[gain.argmax()]} {gain.max():+.3f} | {names[gain.argmin()]} {gain.min():+.3f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--evaluation", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    config = fusion.FusionConfig.read(arguments.config)
    media, _ = fusion.read(arguments.evaluation, config)
    signals = numbers(arguments.evaluation, config)
    if signals:
        signals["all of them"] = np.hstack(list(signals.values()))
    print(table(gains(media, config, signals)))


if __name__ == "__main__":
    main()
