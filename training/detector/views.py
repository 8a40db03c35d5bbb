"""What a net sees in training: a real and its fake under one degradation, as single crops or as T crops of one face track.

Whatever a clip shows, it shows all along: every frame of a fake is made by the same draw, and both clips of a pair have the same length,
the same repeats and the same degradation, so that nothing but the forgery tells them apart over time either.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Protocol, Sequence

import numpy as np

from . import degrade
from .config import Config
from .data import CropSet
from .lookalike import look_alike
from .selfblend import blended_pair, foreign_pair

TREMBLE = 1.5
"""How far the landmarks of a blended clip tremble from frame to frame at most: standard deviation in pixels of a crop."""


class Views(Protocol):
    """Makes views of crops, uint8: [S, S, 3], or [T, S, S, 3] for a net over tracks. Pairs are a real and a fake."""

    def heads(self, rows: Sequence[int]) -> list[int]:
        """The rows that give different views."""

    def clean(self, row: int) -> np.ndarray:
        """What the service would show of it."""

    def blended(self, row: int, donor: int | None, rng: np.random.Generator) -> list[np.ndarray]:
        """A real and its blend with itself or with another person's face."""

    def labelled(self, real: int, fake: int, rng: np.random.Generator) -> list[np.ndarray]:
        """A real and a fake of the data."""

    def look_alike(self, row: int, rng: np.random.Generator) -> list[np.ndarray]:
        """A real, and the same as if generated."""


def views_of(crops: CropSet, config: Config) -> Views:
    """The views an experiment's net takes."""
    return ClipViews(crops, config) if config.length else FrameViews(crops, config)


class FrameViews:
    """Single crops."""

    def __init__(self, crops: CropSet, config: Config) -> None:
        self._crops = crops
        self._config = config

    def heads(self, rows: Sequence[int]) -> list[int]:
        return list(rows)

    def clean(self, row: int) -> np.ndarray:
        return degrade.apply(self._crops.pixels(row), degrade.Degradation(margin=self._config.margin), self._config.size)

    def blended(self, row: int, donor: int | None, rng: np.random.Generator) -> list[np.ndarray]:
        return self._degraded(_blend(self._crops, row, donor, self._crops.landmarks(row), rng), rng)

    def labelled(self, real: int, fake: int, rng: np.random.Generator) -> list[np.ndarray]:
        # The larger face is brought down to the resolution of the other: fineness must not tell them apart.
        sizes = self._crops.rows[real].size, self._crops.rows[fake].size
        pair = [degrade.no_finer_than(self._crops.pixels(i), size, min(sizes)) for i, size in zip((real, fake), sizes)]
        if rng.random() < self._config.train.equally_sharp_share:
            pair = degrade.equally_sharp(*pair)
        return self._degraded(pair, rng)

    def look_alike(self, row: int, rng: np.random.Generator) -> list[np.ndarray]:
        return self._degraded(look_alike(self._crops.pixels(row), rng), rng)

    def _degraded(self, pair: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
        how = degrade.draw(rng, self._config.margin, self._config.size, self._config.train.plain_share)
        return [degrade.apply(image, how, self._config.size) for image in pair]


class ClipViews:
    """T crops of a track, taken evenly from a stretch of it; fewer are repeated as the service repeats them. A still is its one crop T times,
    in a blend too: what does not move must not be a sign of either class."""

    def __init__(self, crops: CropSet, config: Config) -> None:
        self._crops = crops
        self._config = config
        tracks: dict[tuple[str, int], list[int]] = defaultdict(list)
        for i in sorted(range(len(crops)), key=lambda i: crops.rows[i].seconds):
            tracks[crops.rows[i].medium.path, crops.rows[i].track].append(i)
        self._track = {i: track for track in tracks.values() for i in track}

    def heads(self, rows: Sequence[int]) -> list[int]:
        return list(dict.fromkeys(self._track[row][0] for row in rows))

    def clean(self, row: int) -> np.ndarray:
        how = degrade.Degradation(margin=self._config.margin)
        rows = self._stretch(row, len(self._track[row]))
        return self._clip([degrade.apply(self._crops.pixels(i), how, self._config.size) for i in rows])

    def blended(self, row: int, donor: int | None, rng: np.random.Generator) -> list[np.ndarray]:
        rows = self._stretch(row, self._width(rng, row), rng)
        donors: list[int | None] = [None] * len(rows)
        if donor is not None:
            # No more faces than the target has: a still stays one.
            worn = self._stretch(donor, min(len(rows), len(self._track[donor])), rng)
            donors = [worn[at] for at in spread(len(worn), len(rows))]
        seed = int(rng.integers(1 << 31))
        tremors = rng.normal(0, rng.uniform(0, TREMBLE), (len(rows), 6, 2)).astype(np.float32)
        return self._degraded([
            _blend(self._crops, i, other, self._crops.landmarks(i) + tremor, np.random.default_rng(seed))
            for i, other, tremor in zip(rows, donors, tremors)
        ], rng)

    def labelled(self, real: int, fake: int, rng: np.random.Generator) -> list[np.ndarray]:
        width = self._width(rng, real, fake)
        clips = [self._stretch(row, width, rng) for row in (real, fake)]
        sizes = [float(np.mean([self._crops.rows[i].size for i in clip])) for clip in clips]
        pair = [[degrade.no_finer_than(self._crops.pixels(i), size, min(sizes)) for i in clip] for clip, size in zip(clips, sizes)]
        if rng.random() < self._config.train.equally_sharp_share:
            pair = degrade.equally_sharp_clips(*pair)
        return self._degraded(list(zip(*pair)), rng)

    def look_alike(self, row: int, rng: np.random.Generator) -> list[np.ndarray]:
        rows = self._stretch(row, self._width(rng, row), rng)
        seed = int(rng.integers(1 << 31))
        return self._degraded([look_alike(self._crops.pixels(i), np.random.default_rng(seed)) for i in rows], rng)

    def _width(self, rng: np.random.Generator, *rows: int) -> int:
        """How many crops a stretch spans that every one of these tracks has."""
        shortest = min(len(self._track[row]) for row in rows)
        return int(rng.integers(min(shortest, self._config.length), shortest + 1))

    def _stretch(self, row: int, width: int, rng: np.random.Generator | None = None) -> list[int]:
        """Different crops of a stretch of the row's track, T at most; the first stretch without a generator."""
        track = self._track[row]
        start = int(rng.integers(len(track) - width + 1)) if rng is not None else 0
        return [track[start + at] for at in spread(width, min(width, self._config.length))]

    def _degraded(self, frames: Sequence[Sequence[np.ndarray]], rng: np.random.Generator) -> list[np.ndarray]:
        how = degrade.draw(rng, self._config.margin, self._config.size, self._config.train.plain_share)
        # Grain is new in every frame; an even step keeps its kind.
        shown = [[degrade.apply(image, replace(how, noise_seed=how.noise_seed + 2 * at), self._config.size) for image in pair] for at, pair in enumerate(frames)]
        return [self._clip(list(side)) for side in zip(*shown)]

    def _clip(self, frames: list[np.ndarray]) -> np.ndarray:
        return np.stack(frames)[spread(len(frames), self._config.length)]


def spread(count: int, length: int) -> list[int]:
    """Places of `length` among `count`, evenly, first and last included; repeats where there are fewer. As the service's SequenceSession."""
    return [int(at * (count - 1) / (length - 1) + 0.5) for at in range(length)] if length > 1 else [count // 2]


def _blend(crops: CropSet, row: int, donor: int | None, landmarks: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if donor is None:
        return blended_pair(crops.pixels(row), landmarks, rng)
    return foreign_pair(crops.pixels(row), landmarks, crops.pixels(donor), crops.landmarks(donor), rng)
