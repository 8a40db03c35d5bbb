"""What happens to whole pictures on their way to us, at whatever resolution they arrive: drawn once a pair, applied to both alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np

from detector import degrade


@dataclass(frozen=True)
class PictureDegradation:
    """One draw. Zero or one means: leave out. Order: early JPEG, blur, scale (the picture stays at it), detail (down to this share of the
    side and up again, as video and zoom do), light, noise, late JPEG or video."""

    flip: bool = False
    early_jpeg: int = 0
    blur: float = 0.0
    scale: float = 1.0
    detail: float = 1.0
    filter: int = cv2.INTER_AREA
    light: degrade.Degradation = degrade.Degradation()
    late_jpeg: int = 0
    late_video: int = 0


CONDITIONS: dict[str, Callable[[], PictureDegradation]] = {
    "clean": PictureDegradation,
    "jpeg50": lambda: PictureDegradation(late_jpeg=50),
    "half": lambda: PictureDegradation(scale=0.5),
    "video": lambda: PictureDegradation(late_video=30),
}
"""Fixed conditions of the protocol, by name."""


def draw(rng: np.random.Generator, plain_share: float, least_scale: float) -> PictureDegradation:
    """A training draw; `plain_share` of them only flip and light. `least_scale`: below it a patch would no longer fit."""
    chance = lambda p: bool(rng.random() < p)
    lit = chance(0.5)
    light = degrade.Degradation(
        contrast=float(rng.uniform(0.8, 1.2)) if lit else 1.0,
        brightness=float(rng.uniform(-20, 20)) if lit else 0.0,
        tint=tuple(rng.uniform(-10, 10, 3).tolist()) if lit else (0.0, 0.0, 0.0),
        saturation=float(rng.uniform(0.7, 1.25)) if lit else 1.0,
        grey=chance(0.03),
        noise=float(rng.uniform(1, 6)) if chance(0.12) else 0.0,
        noise_seed=int(rng.integers(1 << 31)),
    )
    flip, late = chance(0.5), rng.random()
    how = PictureDegradation(
        flip=flip,
        early_jpeg=int(rng.integers(50, 100)) if chance(0.2) else 0,
        blur=float(rng.uniform(0.3, 1.1)) if chance(0.15) else 0.0,
        scale=float(np.exp(rng.uniform(np.log(max(0.4, least_scale)), np.log(1.25)))) if chance(0.4) and least_scale < 1 else 1.0,
        detail=float(rng.uniform(0.45, 0.95)) if chance(0.15) else 1.0,
        filter=int(rng.choice((cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC))),
        light=light,
        late_jpeg=int(rng.integers(40, 101)) if late < 0.6 else 0,
        late_video=int(rng.integers(20, 86)) if late > 0.85 else 0,
    )
    return PictureDegradation(flip=flip, light=light, late_jpeg=int(rng.integers(80, 101)) if chance(0.5) else 0) if chance(plain_share) else how


def apply(picture: np.ndarray, how: PictureDegradation) -> np.ndarray:
    """uint8 [S, S, 3] to [S', S', 3], S' = scale · S."""
    image = np.ascontiguousarray(picture[:, ::-1]) if how.flip else picture
    if how.early_jpeg:
        image = degrade.jpeg(image, how.early_jpeg)
    if how.blur:
        image = cv2.GaussianBlur(image, (0, 0), how.blur)
    if how.scale != 1.0:
        image = _resized(image, round(image.shape[0] * how.scale), how.filter)
    if how.detail != 1.0:
        side = image.shape[0]
        image = _resized(_resized(image, round(side * how.detail), how.filter), side, cv2.INTER_LINEAR if how.filter == cv2.INTER_AREA else how.filter)
    image = degrade.light(image, how.light)
    if how.late_jpeg:
        image = degrade.jpeg(image, how.late_jpeg)
    if how.late_video:
        image = degrade.codec(image, ".webp", cv2.IMWRITE_WEBP_QUALITY, how.late_video)
    return image


def apply_to_mask(mask: np.ndarray, how: PictureDegradation) -> np.ndarray:
    """Where the changed part of a picture lies after the same degradation."""
    mask = np.ascontiguousarray(mask[:, ::-1]) if how.flip else mask
    return cv2.resize(mask, [round(mask.shape[0] * how.scale)] * 2, interpolation=cv2.INTER_AREA) if how.scale != 1.0 else mask


def _resized(image: np.ndarray, side: int, filter: int) -> np.ndarray:
    if side > image.shape[0] and filter == cv2.INTER_AREA:
        filter = cv2.INTER_LINEAR
    return cv2.resize(image, (side, side), interpolation=filter)
