"""The data manifest, its splits, and the crops made of it.

A group ties all clips and crops of the same people together and lies in one split only; everything here refuses data where one
crosses.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Iterable, Sequence

import numpy as np

from .crops import read_pack


@dataclass(frozen=True)
class Medium:
    """One row of `manifest.csv`; further columns, such as the terms of the data, are for people."""

    path: str
    label: str
    source: str
    forgery: str
    group: str
    split: str

    @property
    def fake(self) -> bool:
        return self.label == "fake"


def read_manifest(path: Path) -> list[Medium]:
    """All media of a manifest. Raises ValueError for an unknown label or split, a repeated path, or a group in two splits."""
    with path.open(newline="") as stream:
        media = [Medium(*(row[column.name] for column in fields(Medium))) for row in csv.DictReader(stream)]
    for medium in media:
        if medium.label not in ("real", "fake") or medium.split not in ("train", "val"):
            raise ValueError(f"{medium.path}: unknown label '{medium.label}' or split '{medium.split}'.")
    repeated = [path for path, count in Counter(m.path for m in media).items() if count > 1]
    if repeated:
        raise ValueError(f"listed twice: {repeated[0]}.")
    check_groups(media)
    return media


def check_groups(media: Iterable[Medium]) -> None:
    """Raises ValueError when a group lies in more than one split."""
    splits: dict[str, str] = {}
    for medium in media:
        if splits.setdefault(medium.group, medium.split) != medium.split:
            raise ValueError(f"group '{medium.group}' crosses from {splits[medium.group]} to {medium.split} at {medium.path}.")


def fold_of(group: str, folds: int = 2) -> int:
    """The cross-fitting fold of a held-out group: stable, and the same for everything that shows these people."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") % folds


@dataclass(frozen=True)
class CropRow:
    """One crop: its medium and what the FrameService measured."""

    medium: Medium
    pack: str
    pack_row: int
    track: int
    seconds: float
    size: float
    sharpness: float
    brightness: float
    yaw: float
    landmarks: tuple[float, ...]

    @property
    def fake(self) -> bool:
        return self.medium.fake


DUPLICATES = "duplicates.csv"
"""Beside the crops: media of the training split that show what another medium shows (see `datareport`)."""


class CropSet:
    """Crops of the FrameService's `crops` command, joined with the manifest; pixels stay on disk until read."""

    def __init__(self, rows: Sequence[CropRow], pixels: Sequence[np.ndarray]) -> None:
        if len(pixels) != len(rows):
            raise ValueError(f"{len(rows)} rows for {len(pixels)} crops.")
        self.rows = list(rows)
        self._pixels = pixels

    @staticmethod
    def open(folder: Path, manifest: Path) -> "CropSet":
        """Opens what the command wrote. Leaves out crops without a face, every track but a medium's main one, and media of the training
        split that `datareport` found to repeat another."""
        media = {medium.path: medium for medium in read_manifest(manifest)}
        repeated = repeated_media(folder / DUPLICATES)
        with (folder / "crops.csv").open(newline="") as stream:
            rows = [read_row(row, media) for row in csv.DictReader(stream) if row["detector"] != "none" and row["path"] not in repeated]
        rows = main_tracks(rows)
        packs = {name: read_pack(folder / name).pixels for name in sorted({row.pack for row in rows})}
        return CropSet(rows, [packs[row.pack][row.pack_row] for row in rows])

    def __len__(self) -> int:
        return len(self.rows)

    def pixels(self, index: int) -> np.ndarray:
        """uint8 [256, 256, 3], RGB."""
        return np.ascontiguousarray(self._pixels[index])

    def landmarks(self, index: int) -> np.ndarray:
        """Six points [6, 2] in crop pixels: right eye, left eye, nose tip, mouth centre, right ear, left ear."""
        return np.array(self.rows[index].landmarks, np.float32).reshape(6, 2)

    def where(self, split: str | None = None, fake: bool | None = None, sources: Sequence[str] | None = None) -> list[int]:
        """Row numbers that meet every given condition."""
        return [
            i for i, row in enumerate(self.rows)
            if (split is None or row.medium.split == split)
            and (fake is None or row.fake == fake)
            and (sources is None or row.medium.source in sources)
        ]


def main_tracks(rows: Sequence[CropRow]) -> list[CropRow]:
    """Keeps one track a medium, the one with most crops, then the largest face: a label speaks for the main face only."""
    tracks: dict[str, dict[int, list[CropRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        tracks[row.medium.path][row.track].append(row)
    main = {path: max(found, key=lambda t: (len(found[t]), sum(r.size for r in found[t]))) for path, found in tracks.items()}
    return [row for row in rows if main[row.medium.path] == row.track]


SIZE_CANDIDATES = 4
"""From how many fakes a pair's is chosen by face size."""

DONOR_CANDIDATES = 8
"""From how many strangers the face for a foreign blend is chosen."""


class PairSampler:
    """Draws training pairs. What it returns depends on the generator alone, so that a run resumes exactly."""

    def __init__(
        self, crops: CropSet, blend_sources: dict[str, float], pair_sources: dict[str, float], reals_of: dict[str, str] | None = None
    ) -> None:
        reals_of = reals_of or {}
        self._real = {s: _by_medium(crops, crops.where("train", False, [reals_of.get(s, s)])) for s in {*blend_sources, *pair_sources}}
        self._fake = {s: _by_forgery(crops, crops.where("train", True, [s])) for s in pair_sources}
        for source in {*blend_sources, *pair_sources}:
            if not self._real[source] or (source in pair_sources and not self._fake[source]):
                raise ValueError(f"source '{source}' has no training crops of a class it is drawn for.")
        self._rows = crops.rows
        self._real_of_source = {crops.rows[media[0][0]].medium.source: media for media in self._real.values()}
        self._log_size = np.log([max(row.size, 1) for row in crops.rows])
        self._blend = _Weighted(blend_sources)
        self._pair = _Weighted(pair_sources)

    def blend(self, rng: np.random.Generator) -> int:
        """Row of a real crop to self-blend: source by weight, then medium, then crop."""
        return _pick(_pick(self._real[self._blend.draw(rng)], rng), rng)

    def donor(self, target: int, rng: np.random.Generator) -> int:
        """Row of another person's real crop of the target's source: of a few, the one nearest in pose and face size."""
        row = self._rows[target]
        candidates = [_pick(_pick(self._real_of_source[row.medium.source], rng), rng) for _ in range(DONOR_CANDIDATES)]
        strangers = [i for i in candidates if self._rows[i].medium.group != row.medium.group] or candidates
        return min(strangers, key=lambda i: abs(self._rows[i].yaw - row.yaw) + 0.3 * abs(self._log_size[i] - self._log_size[target]))

    def pair(self, rng: np.random.Generator) -> tuple[int, int]:
        """Rows of a real and a fake crop of one source; forgery methods count alike.

        Of a few fakes the one nearest in face size is taken: in some sources fakes show larger faces, and a net would learn that.
        """
        source = self._pair.draw(rng)
        real = _pick(_pick(self._real[source], rng), rng)
        forgery = _pick(self._fake[source], rng)
        candidates = [_pick(_pick(forgery, rng), rng) for _ in range(SIZE_CANDIDATES)]
        return real, min(candidates, key=lambda fake: abs(self._log_size[fake] - self._log_size[real]))


class _Weighted:
    def __init__(self, weights: dict[str, float]) -> None:
        self._names = sorted(weights)
        values = np.array([weights[name] for name in self._names], np.float64)
        self._edges = np.cumsum(values / values.sum())

    def draw(self, rng: np.random.Generator) -> str:
        return self._names[min(int(np.searchsorted(self._edges, rng.random())), len(self._names) - 1)]


def _pick(items: Sequence, rng: np.random.Generator):
    return items[int(rng.integers(len(items)))]


def _by_medium(crops: CropSet, rows: list[int]) -> list[list[int]]:
    media: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        media[crops.rows[row].medium.path].append(row)
    return list(media.values())


def _by_forgery(crops: CropSet, rows: list[int]) -> list[list[list[int]]]:
    forgeries: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        forgeries[crops.rows[row].medium.forgery].append(row)
    return [_by_medium(crops, forgeries[name]) for name in sorted(forgeries)]


def repeated_media(path: Path) -> set[str]:
    """Media that a file of duplicates says to leave out; none where there is no such file."""
    if not path.exists():
        return set()
    with path.open(newline="") as stream:
        return {row["path"] for row in csv.DictReader(stream)}


def read_row(row: dict[str, str], media: dict[str, Medium]) -> CropRow:
    """One line of `crops.csv`."""
    measured = {name: float(row[name]) for name in ("seconds", "size", "sharpness", "brightness", "yaw")}
    landmarks = tuple(float(row[f"l{i}{axis}"]) for i in range(6) for axis in "xy")
    return CropRow(media[row["path"]], row["pack"], int(row["row"]), int(row["track"]), landmarks=landmarks, **measured)
