"""How two versions of a model differ: `python3 -m detector.compare configs/A.toml configs/B.toml` prints, for every source, the AUC of the second less that
of the first on the same clean held-out media, with 95 % intervals. What the fusion adds to its members is printed by `detector.fusion`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from . import metrics
from .config import read_config
from .evaluate import ScoredMedium, read_scores


def differences(first: list[ScoredMedium], last: list[ScoredMedium], rounds: int = 300) -> dict[str, tuple[float, float, float]]:
    """By source: AUC of the last model less that of the first, with the interval of that difference (people resampled once for both). Raises
    ValueError when they scored different media."""
    keyed = [{(m.path, m.source, m.condition, m.fake): m for m in scores} for scores in (first, last)]
    if keyed[0].keys() != keyed[1].keys():
        raise ValueError("the models were scored on different media.")
    found = {}
    for source in sorted({m.source for m in first}):
        keys = [key for key in keyed[0] if key[1] == source]
        inside = [keyed[0][key] for key in keys]
        labels, groups = np.array([m.fake for m in inside]), np.array([m.group for m in inside])
        if labels.all() or not labels.any():
            continue
        before, after = (np.array([of[key].logit for key in keys]) for of in keyed)
        gained = lambda rows: metrics.auc(labels[rows], after[rows]) - metrics.auc(labels[rows], before[rows])
        _, codes = np.unique(groups, return_inverse=True)
        members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
        rng = np.random.default_rng(0)
        draws = [gained(np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])) for _ in range(rounds)]
        found[source] = (gained(np.arange(len(inside))), *np.nanpercentile(draws, [2.5, 97.5]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("last", type=Path)
    arguments = parser.parse_args()
    first, last = (
        [m for m in read_scores(read_config(path).run_folder / "scores.csv") if m.condition in ("clean", "drawn")] for path in (arguments.first, arguments.last)
    )
    for source, (value, low, high) in differences(first, last).items():
        print(f"{source}: {value:+.4f} [{low:+.4f}, {high:+.4f}]")


if __name__ == "__main__":
    main()
