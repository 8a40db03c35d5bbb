"""Training curves as a picture: `python3 -m detector.curves configs/NAME.toml …` writes `runs/NAME/curves.png` from `log.csv`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from .config import read_config


def draw(log: Path, title: str, target: Path) -> None:
    """Loss on the left, AUC of the small look at held-out people on the right; one point an epoch."""
    with log.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    steps = [int(row["step"]) for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    left.plot(steps, [float(row["loss"]) for row in rows], marker="o", color="#1f5fbf")
    left.set(title=f"{title}: training loss", xlabel="step")
    for name in (rows[0] if rows else {}):
        if name.endswith("_auc") and all(row[name] for row in rows):
            right.plot(steps, [float(row[name]) for row in rows], marker="o", label=name.removesuffix("_auc"))
    right.set(title="AUC, a sample of held-out people", xlabel="step")
    right.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(target, dpi=100)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+")
    for path in parser.parse_args().configs:
        config = read_config(path)
        draw(config.run_folder / "log.csv", config.name, config.run_folder / "curves.png")
        print(config.run_folder / "curves.png")


if __name__ == "__main__":
    main()
