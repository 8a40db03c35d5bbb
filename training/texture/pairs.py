"""Pairs of a real and a fake picture, drawn by family of generators. What is drawn depends on the generator of random numbers alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Sequence

import cv2
import numpy as np

from detector import degrade
from detector.lookalike import look_alike
from detector.selfblend import FaceFrame, blend_mask, blended_pair, foreign_pair

from . import degradation, patches
from .bank import Bank
from .config import TextureConfig
from .nativefaces import NativeFaces
from .painted import Donor, painted_finer, painted_lips, painted_small

DONOR_CANDIDATES = 6
"""From how many strangers a donor is chosen by pose."""

SIZE_CANDIDATES = 8
"""From how many fakes of a source without own originals a pair's is chosen by face size."""

LIP_DONOR_SHARE = 0.1
"""How many faces with painted lips get another person's mouth: tools mostly paint the speaker's own."""

LEAST_FRESH_FACE = 80
"""Pictures are not brought down further than to a face of so many pixels before a fake is made of them."""


@dataclass(frozen=True)
class Pair:
    """Two pictures uint8 [S, S, 3] with six points each [6, 2], and how much of the fake was changed, float32 [S, S] in 0–1."""

    real: np.ndarray
    fake: np.ndarray
    real_landmarks: np.ndarray
    fake_landmarks: np.ndarray
    mask: np.ndarray


class PairMaker:
    """Draws the pairs of a step, family by family, from the training split."""

    def __init__(self, faces: NativeFaces, bank: Bank | None, config: TextureConfig, split: str = "train") -> None:
        self._faces, self._bank, self._config = faces, bank, config
        families, data = config.families, config.data
        self._reals = {source: _by_medium(faces, faces.where(split, False, [source])) for source in faces_sources(data)}
        self._fakes = {source: _by_forgery(faces, faces.where(split, True, [source])) for source in data.labelled_sources}
        self._originals = {source: _originals(faces, split, source) for source in data.labelled_sources}
        for source in data.real_sources:
            if not self._reals[source]:
                raise ValueError(f"source '{source}' has no real training faces.")
        for source in data.labelled_sources:
            if not self._fakes[source]:
                raise ValueError(f"source '{source}' has no fake training faces.")
        self._entries: dict[str, list[int]] = {}
        if families.resynthesised:
            if bank is None:
                raise ValueError("pairs of the bank are asked for, but there is no bank.")
            for name in families.generators:
                self._entries[name] = [i for i, entry in enumerate(bank.entries) if entry.generator == name and entry.split == split]
                if not self._entries[name]:
                    raise ValueError(f"the bank has no training pairs of generator '{name}'.")

    def draw(self, rng: np.random.Generator) -> list[Pair]:
        """The pairs of a step."""
        families = self._config.families
        makers = [(self.painted, families.painted), (self.blended, families.blended), (self.regrown, families.regrown),
                  (self.resynthesised, families.resynthesised), (self.labelled, families.labelled), (self.lips, families.lips)]
        return [maker(rng) for maker, count in makers for _ in range(count)]

    def painted(self, rng: np.random.Generator) -> Pair:
        row = self._real(rng)
        picture, landmarks = self._fresh(row, rng)
        donor = self._stranger(row, self._config.train.donor_share, rng)
        if rng.random() < self._config.train.finer_share:
            real, fake, mask = painted_finer(picture, landmarks, donor, rng)
        else:
            real, (fake, mask) = picture, painted_small(picture, landmarks, donor, rng)
        return Pair(real, fake, landmarks, landmarks, mask)

    def lips(self, rng: np.random.Generator) -> Pair:
        row = self._real(rng)
        picture, landmarks = self._fresh(row, rng)
        fake, mask = painted_lips(picture, landmarks, self._stranger(row, LIP_DONOR_SHARE, rng), rng)
        return Pair(picture, fake, landmarks, landmarks, mask)

    def blended(self, rng: np.random.Generator) -> Pair:
        row = self._real(rng)
        picture, landmarks = self._fresh(row, rng)
        if rng.random() < 0.3:
            other = self._donor(row, rng)
            # The blend wants both faces in one frame; the donor's picture is brought to the target's side first.
            side = picture.shape[0]
            theirs = cv2.resize(self._faces.pixels(other), (side, side), interpolation=cv2.INTER_AREA)
            real, fake = foreign_pair(picture, landmarks, theirs, self._faces.landmarks(other) * side / self._faces.rows[other].side, rng)
        else:
            real, fake = blended_pair(picture, landmarks, rng)
        changed = np.abs(fake.astype(np.int16) - picture).max(2) > 2
        return Pair(real, fake, landmarks, landmarks, changed.astype(np.float32))

    def regrown(self, rng: np.random.Generator) -> Pair:
        picture, landmarks = self._fresh(self._real(rng), rng)
        real, fake = look_alike(picture, rng)
        return self._under_a_mask(real, fake, landmarks, rng)

    def resynthesised(self, rng: np.random.Generator) -> Pair:
        entry = _pick(self._entries[_weighted(self._config.families.generators, rng)], rng)
        real, fake, landmarks = self._bank.pair(entry)
        if rng.random() < self._config.train.detail_share:
            # Small decoders lose detail that great ones keep: some of it comes back, or softness is all there is to learn.
            fake = cv2.addWeighted(fake, 1 - (kept := float(rng.uniform(0.2, 0.75))), real, kept, 0)
        return self._under_a_mask(real, fake, landmarks, rng)

    def labelled(self, rng: np.random.Generator) -> Pair:
        """A fake of the data beside its own original, where the data has it; else beside a real of much the same face size."""
        data = self._config.data
        source = _weighted(data.labelled_sources, rng)
        forgery = _pick(self._fakes[source], rng)
        fake = _pick(_pick(forgery, rng), rng)
        own = self._originals[source].get(fake)
        if own is None:
            reals = self._reals[_weighted(data.reals_of.get(source, {source: 1.0}), rng)]
            candidates = [_pick(_pick(reals, rng), rng) for _ in range(SIZE_CANDIDATES)]
            size = np.log(self._faces.rows[fake].size)
            own = min(candidates, key=lambda i: abs(np.log(self._faces.rows[i].size) - size))
        mask = np.ones((self._faces.rows[fake].side,) * 2, np.float32)
        pixels = [self._faces.pixels(i) for i in (own, fake)]
        if self._config.view == "context":
            # Aligned crops are of one size: the larger face is brought down to the resolution of the other.
            least = min(self._faces.rows[i].size for i in (own, fake))
            pixels = [degrade.no_finer_than(image, self._faces.rows[i].size, least) for i, image in zip((own, fake), pixels)]
        return Pair(*pixels, self._faces.landmarks(own), self._faces.landmarks(fake), mask)

    def _real(self, rng: np.random.Generator) -> int:
        return _pick(_pick(self._reals[_weighted(self._config.data.real_sources, rng)], rng), rng)

    def _donor(self, target: int, rng: np.random.Generator) -> int:
        row = self._faces.rows[target]
        candidates = [_pick(_pick(self._reals[row.medium.source], rng), rng) for _ in range(DONOR_CANDIDATES)]
        strangers = [i for i in candidates if self._faces.rows[i].medium.group != row.medium.group] or candidates
        return min(strangers, key=lambda i: abs(self._faces.rows[i].yaw - row.yaw))

    def _stranger(self, row: int, share: float, rng: np.random.Generator) -> Donor | None:
        """In a `share` of the draws another person's face."""
        if rng.random() >= share:
            return None
        other = self._donor(row, rng)
        return Donor(self._faces.pixels(other), self._faces.landmarks(other))

    def _fresh(self, row: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        share = self._config.train.fresh_share
        return fresh(self._faces.pixels(row), self._faces.landmarks(row), self._faces.rows[row].size, share, rng)

    def _under_a_mask(self, real: np.ndarray, fake: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator) -> Pair:
        """The whole picture, or the face alone with the real picture around it."""
        mask = np.ones(real.shape[:2], np.float32)
        if rng.random() < 0.35:
            mask = blend_mask(FaceFrame.from_landmarks(landmarks), real.shape[0], rng)
            mask /= max(float(mask.max()), 1e-6)
            weight = mask[..., None]
            fake = np.clip(fake * weight + real * (1 - weight) + 0.5, 0, 255).astype(np.uint8)
        return Pair(real, fake, landmarks, landmarks, mask)


def fresh(picture: np.ndarray, landmarks: np.ndarray, size: float, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The picture brought down in a `share` of the draws, far enough to leave the grid of its own JPEG behind."""
    least = max(LEAST_FRESH_FACE / max(size, 1), 0.4)
    if rng.random() >= share or least >= 0.9:
        return picture, landmarks
    side = picture.shape[0]
    smaller = int(side * rng.uniform(least, 0.92)) // 8 * 8
    return cv2.resize(picture, (smaller, smaller), interpolation=cv2.INTER_AREA), landmarks * (smaller / side)


def views_of(pair: Pair, config: TextureConfig, rng: np.random.Generator) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What the net sees of the real and of the fake, uint8 [size, size, 3] each: same degradation, same framing or places of the face."""
    train = config.train
    real, fake = pair.real, pair.fake
    if rng.random() < train.equally_soft_share:
        real, fake = equally_soft(real, fake, pair)
    if config.view == "context":
        framed = degrade.draw(rng, config.margin, config.size, train.plain_share)
        return [degrade.apply(real, framed, config.size)], [degrade.apply(fake, framed, config.size)]
    how = how_degraded(real, fake, config, rng)
    mask = degradation.apply_to_mask(pair.mask, how)
    # The same draw for both: same places, the fake's mask deciding for the two.
    seed = int(rng.integers(1 << 31))
    shown = []
    for picture, landmarks in ((real, pair.real_landmarks), (fake, pair.fake_landmarks)):
        degraded = degradation.apply(picture, how)
        points = moved(landmarks, picture.shape[0], how)
        covered = mask if mask.shape[0] == degraded.shape[0] else cv2.resize(mask, degraded.shape[:2])
        places = patches.drawn_places(points, covered, config.size, train.patches, np.random.default_rng(seed))
        shown.append([patches.cut(degraded, place, config.size) for place in places])
    return shown[0], shown[1]


def how_degraded(real: np.ndarray, fake: np.ndarray, config: TextureConfig, rng: np.random.Generator) -> degradation.PictureDegradation:
    """One draw for both pictures of a pair, which leaves a patch of either."""
    return degradation.draw(rng, config.train.plain_share, config.size / min(real.shape[0], fake.shape[0]))


def moved(landmarks: np.ndarray, side: int, how: degradation.PictureDegradation) -> np.ndarray:
    """Points of a picture of `side` pixels after its degradation; mirrored faces swap right and left."""
    points = np.asarray(landmarks, np.float32).copy()
    if how.flip:
        points[:, 0] = side - 1 - points[:, 0]
        points = points[[1, 0, 2, 3, 5, 4]]
    return points * np.float32(how.scale)


def equally_soft(real: np.ndarray, fake: np.ndarray, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Both pictures, the one with the finer face blurred until it is as soft as the other's."""
    at = inner_sharpness(real, pair.real_landmarks), inner_sharpness(fake, pair.fake_landmarks)
    image, points = (real, pair.real_landmarks) if at[0] > at[1] else (fake, pair.fake_landmarks)
    blurred = image
    for sigma in (0.4, 0.5, 0.6, 0.75, 0.9, 1.1, 1.4, 1.8):
        if inner_sharpness(blurred, points) <= 1.05 * min(at):
            break
        blurred = cv2.GaussianBlur(image, (0, 0), sigma)
    return (blurred, fake) if at[0] > at[1] else (real, blurred)


def inner_sharpness(image: np.ndarray, landmarks: np.ndarray) -> float:
    """Variance of the Laplacian between eyes and mouth, at the picture's own resolution: what a blurry painter gives away alone."""
    frame = FaceFrame.from_landmarks(landmarks)
    reach = max(float(np.linalg.norm(frame.up)), 12.0)
    x, y = frame.point(-0.5, 0.0)
    left, top = max(int(x - reach), 0), max(int(y - 0.8 * reach), 0)
    inner = image[top : int(y + 0.8 * reach), left : int(x + reach)]
    if min(inner.shape[:2]) < 8:
        inner = image
    return float(cv2.Laplacian(cv2.cvtColor(np.ascontiguousarray(inner), cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def faces_sources(data) -> list[str]:
    """Every source that reals are drawn from."""
    own = [source for source in data.labelled_sources if source not in data.reals_of]
    return sorted({*data.real_sources, *own, *(name for shares in data.reals_of.values() for name in shares)})


def _weighted(weights: dict[str, float], rng: np.random.Generator) -> str:
    names = sorted(weights)
    edges = np.cumsum([weights[name] for name in names])
    return names[min(int(np.searchsorted(edges / edges[-1], rng.random())), len(names) - 1)]


def _pick(items: Sequence, rng: np.random.Generator):
    return items[int(rng.integers(len(items)))]


def _by_medium(faces: NativeFaces, rows: list[int]) -> list[list[int]]:
    media: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        media[faces.rows[row].medium.path].append(row)
    return list(media.values())


def _by_forgery(faces: NativeFaces, rows: list[int]) -> list[list[list[int]]]:
    forgeries: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        forgeries[faces.rows[row].medium.forgery].append(row)
    return [_by_medium(faces, forgeries[name]) for name in sorted(forgeries)]


def _originals(faces: NativeFaces, split: str, source: str) -> dict[int, int]:
    """For each fake its own original's face: of the same group, where there is one real medium, or the clip that the fake's name begins
    with, at the nearest second."""
    reals: dict[str, list[int]] = defaultdict(list)
    for i in faces.where(split, False, [source]):
        reals[faces.rows[i].medium.group].append(i)
    found = {}
    for i in faces.where(split, True, [source]):
        row = faces.rows[i]
        stem = row.medium.path.rsplit("/", 1)[-1].split(".")[0].split("_")[0]
        candidates = reals.get(row.medium.group, [])
        named = [j for j in candidates if faces.rows[j].medium.path.rsplit("/", 1)[-1].split(".")[0].split("_")[0] == stem]
        candidates = named or (candidates if len({faces.rows[j].medium.path for j in candidates}) == 1 else [])
        if candidates:
            found[i] = min(candidates, key=lambda j: abs(faces.rows[j].seconds - row.seconds))
    return found
