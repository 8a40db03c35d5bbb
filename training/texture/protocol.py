"""What a run says of what it never saw: `python3 -m texture.protocol configs/texture/NAME.toml --faces CACHE --manifest FILE [--bank DIR]`.

Rows are sources of the data and families of generators. A source that the run drew no fake of is unseen, and all of it is scored; of a
source that it drew, the held-out people are. Fakes that are made here are made of held-out people, by fixed draws. Beside every figure
stand trivial baselines, each turned whichever way suits it: softness of the inner face at its own resolution, face size, brightness.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Iterator

import cv2
import numpy as np
import torch

from detector import degrade, metrics
from detector.nets import build
from detector.precision import bfloat16
from detector.progress import progress
from detector.score import normalised

from . import degradation, patches
from .bank import Bank
from .config import DataConfig, FamiliesConfig, TextureConfig, read_config
from .nativefaces import NativeFaces
from .pairs import Pair, PairMaker, inner_sharpness, moved

MADE = ("painted", "blended", "regrown", "lips")
"""Families whose fakes are made here, of held-out people."""

REALS_OF = {"portraits_gan": ("london_set", "portraits_web", "canada_set", "fairface_540")}
"""Whose held-out reals stand beside a source of fakes alone."""

HELD_OUT_REALS = ("fairface_540", "london_set", "portraits_web", "lfw", "canada_set")
"""Of whose held-out people fakes are made."""

BASELINES = ("soft", "face_size", "brightness")


@dataclass(frozen=True)
class ScoredFace:
    """One face under one condition. `row` names the line of the table, `seen` whether training drew its fakes."""

    row: str
    forgery: str
    seen: bool
    condition: str
    path: str
    group: str
    fake: bool
    logit: float
    baselines: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """A face to score: uint8 [S, S, 3], six points, and whose it is."""

    pixels: np.ndarray
    landmarks: np.ndarray
    size: float
    path: str
    group: str
    fake: bool


class FaceScorer:
    """Logit of a face: of its aligned crop, or the mean of its patches, `most` of them."""

    def __init__(self, net: torch.nn.Module, config: TextureConfig, most: int = patches.SCORED) -> None:
        self._net, self._config, self._most = net.eval(), config, most

    @torch.no_grad()
    def logit(self, picture: np.ndarray, landmarks: np.ndarray) -> float:
        size = self._config.size
        if self._config.view == "context":
            images = degrade.apply(picture, degrade.Degradation(margin=self._config.margin), size)[None]
        else:
            places = patches.scored_places(landmarks, picture.shape[0], size, self._most)
            images = np.stack([patches.cut(picture, place, size) for place in places])
        with bfloat16(self._config.train.precision == "bfloat16"):
            logits = self._net(normalised(self._net, images))[0][:, 0]
        return float(logits.float().mean())


def labelled(faces: NativeFaces, source: str, unseen: bool, per_class: int, per_medium: int = 3) -> Iterator[tuple[str, Picture]]:
    """Forgery and face of up to so many media a class; a real's forgery is ''."""
    for fake in (False, True):
        own = None if unseen else "val"
        rows = faces.where(own, True, [source]) if fake else faces.where("val", False, REALS_OF[source]) if source in REALS_OF else faces.where(own, False, [source])
        media: dict[str, list[int]] = {}
        for i in rows:
            media.setdefault(faces.rows[i].medium.path, []).append(i)
        names = [list(media)[int(at)] for at in np.random.default_rng(13).permutation(len(media))[:per_class]]
        for name in names:
            chosen = media[name]
            for at in sorted({round(at) for at in np.linspace(0, len(chosen) - 1, min(len(chosen), per_medium))}):
                row = faces.rows[chosen[at]]
                yield row.medium.forgery, Picture(faces.pixels(chosen[at]), faces.landmarks(chosen[at]), row.size, name, row.medium.group, fake)


def made(maker: Callable[[np.random.Generator], Pair], family: str, count: int) -> Iterator[Picture]:
    """Reals of held-out people and fakes made of them."""
    for number in range(count):
        rng = np.random.default_rng((17, sum(family.encode()), number))
        pair = maker(rng)
        for fake, pixels, points in ((False, pair.real, pair.real_landmarks), (True, pair.fake, pair.fake_landmarks)):
            yield Picture(pixels, points, 0.0, f"{family}/{number}", f"{family}/{number}", fake)


def banked(bank: Bank, generator: str, count: int) -> Iterator[Picture]:
    """Held-out pairs of a bank, whole pictures."""
    entries = [i for i, entry in enumerate(bank.entries) if entry.generator == generator and entry.split == "val"][:count]
    for i in entries:
        real, fake, points = bank.pair(i)
        for is_fake, pixels in ((False, real), (True, fake)):
            yield Picture(pixels, points, 0.0, bank.entries[i].path, bank.entries[i].group, is_fake)


def pooled(scored: list[ScoredFace]) -> list[ScoredFace]:
    """Faces of one medium as one: mean logit, mean baselines."""
    media: dict[tuple, list[ScoredFace]] = {}
    for face in scored:
        media.setdefault((face.row, face.condition, face.path, face.fake), []).append(face)
    mean = lambda values: float(np.mean(values))
    return [
        replace(of[0], logit=mean([f.logit for f in of]), baselines=tuple(map(mean, zip(*(f.baselines for f in of))))) for of in media.values()
    ]


def score(config: TextureConfig, scorer: FaceScorer, faces: NativeFaces, bank: Bank | None, conditions: list[str], per_class: int) -> list[ScoredFace]:
    """All rows of the table."""
    scored: list[ScoredFace] = []

    def add(row: str, seen: bool, picture: Picture, forgery: str = "") -> None:
        for condition in conditions:
            how = degradation.CONDITIONS[condition]()
            shown = degradation.apply(picture.pixels, how)
            points = moved(picture.landmarks, picture.pixels.shape[0], how)
            measures = (-inner_sharpness(shown, points), picture.size, float(shown.mean()))
            scored.append(ScoredFace(row, forgery, seen, condition, picture.path, picture.group, picture.fake, scorer.logit(shown, points), measures))

    drawn = config.data.labelled_sources if config.families.labelled else {}
    for source in sorted({row.medium.source for row in faces.rows if row.fake}):
        seen = source in drawn
        for forgery, picture in progress(list(labelled(faces, source, not seen, per_class)), source):
            add(source, seen, picture, forgery)
    # Always the same people, whatever a run drew.
    people = {source: 1.0 for source in sorted({row.medium.source for row in faces.rows}) if source in HELD_OUT_REALS}
    everything = replace(config, families=FamiliesConfig(painted=1, blended=1, regrown=1, lips=1), data=DataConfig(real_sources=people))
    maker = PairMaker(faces, None, everything, "val")
    for family in MADE:
        for picture in progress(made(getattr(maker, family), family, per_class), family, 2 * per_class):
            add(f"{family} (made)", getattr(config.families, family) > 0, picture)
    for name in sorted({entry.generator for entry in bank.entries}) if bank else ():
        for picture in banked(bank, name, per_class):
            add(f"{name} (made)", config.families.resynthesised > 0 and name in config.families.generators, picture)
    return pooled(scored)


def table(scored: list[ScoredFace], rounds: int = 500) -> str:
    """Markdown, a line for each row and condition."""
    lines = ["| row | drawn in training | condition | real / fake | AUC [95 %] | TPR at 5 % FPR | soft | face size | brightness |", "|---|---|---|---|---|---|---|---|---|"]
    for row, condition in dict.fromkeys((face.row, face.condition) for face in scored):
        inside = [face for face in scored if face.row == row and face.condition == condition]
        lines.append(_line(row, condition, inside, rounds))
        forgeries = sorted({face.forgery for face in inside if face.fake})
        for forgery in forgeries if len(forgeries) > 1 else ():
            lines.append(_line(f"{row}, {forgery}", condition, [face for face in inside if not face.fake or face.forgery == forgery], rounds))
    return "\n".join(lines) + "\n"


def _line(name: str, condition: str, inside: list[ScoredFace], rounds: int) -> str:
    labels, logits = np.array([f.fake for f in inside]), np.array([f.logit for f in inside])
    value = metrics.auc(labels, logits)
    low, high = metrics.bootstrap(metrics.auc, labels, logits, np.array([f.group for f in inside]), rounds)
    trivial = [metrics.auc(labels, np.array([f.baselines[at] for f in inside])) for at in range(len(BASELINES))]
    return (
        f"| {name} | {'yes' if inside[0].seen else 'no'} | {condition} | {int((~labels).sum())} / {int(labels.sum())} | {value:.3f} [{low:.3f}, {high:.3f}] | "
        f"{metrics.tpr_at_fpr(labels, logits, 0.05):.2f} | {' | '.join(f'{max(v, 1 - v):.2f}' for v in trivial)} |"
    )


def load_average(config: TextureConfig, runs: Path | None) -> tuple[torch.nn.Module, int]:
    """The averaged weights of a run, and after how many steps."""
    state = torch.load(((runs / config.name) if runs else config.run_folder) / "checkpoint.pt", map_location="cpu")
    net = build(config.architecture, **{name: value for name, value in config.options.items() if name != "start"})
    net.load_state_dict(state["ema"])
    return net.to(memory_format=torch.channels_last).eval(), state["step"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--conditions", nargs="+", default=["clean"], choices=list(degradation.CONDITIONS))
    parser.add_argument("--per-class", type=int, default=150, help="media of a row and class, at most")
    parser.add_argument("--patches", type=int, default=patches.SCORED, help="patches of a face, at most")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    config = read_config(arguments.config)
    net, step = load_average(config, arguments.runs)
    context = config.view == "context"
    faces = NativeFaces.open(arguments.faces, arguments.manifest, aligned=context)
    # Pairs of the bank are pictures at their own resolution, not aligned crops.
    bank = Bank.open(arguments.bank) if arguments.bank and not context else None
    scored = score(config, FaceScorer(net, config, arguments.patches), faces, bank, arguments.conditions, arguments.per_class)
    folder = (arguments.runs / config.name) if arguments.runs else config.run_folder
    with (folder / f"protocol-{step}.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "forgery", "seen", "condition", "path", "group", "fake", "logit", *BASELINES])
        writer.writerows([f.row, f.forgery, int(f.seen), f.condition, f.path, f.group, int(f.fake), f"{f.logit:.4f}", *(f"{v:.4f}" for v in f.baselines)] for f in scored)
    print(f"{config.name}, {step} steps\n")
    print(table(scored), end="")


if __name__ == "__main__":
    main()
