"""Look-alikes of whole-face synthesis, made of real faces: the last steps of a generator, without a generator.

Generators grow a picture from a coarse one: they insert zeros and filter, add noise at every resolution, and leave the spectrum of the
filters behind (Durall et al., CVPR 2020; Zhang et al., WIFS 2019 build a whole network for the purpose). Here a real face is brought
down, and grown again by a filter drawn for it.
"""

from __future__ import annotations

import cv2
import numpy as np


def look_alike(crop: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A real face and the same face as if generated, both uint8 [S, S, 3]. Half of the reals lose the same fineness by plain resizing."""
    side = crop.shape[0]
    steps = 1 if rng.random() < 0.6 else 2
    coarse = side >> steps
    small = cv2.resize(crop, (coarse, coarse), interpolation=cv2.INTER_AREA).astype(np.float32)
    if rng.random() < 0.4:
        # Generators paint skin smoother than cameras see it.
        small = cv2.bilateralFilter(small, 5, float(rng.uniform(8, 25)), 2.0)
    grown = small
    for _ in range(steps):
        grown = _grow(grown, _filter(rng))
        grown += _noise(grown, rng)
    fake = cv2.addWeighted(grown, 1.0 + (gain := rng.uniform(0, 0.8)), cv2.GaussianBlur(grown, (0, 0), 1.5), -gain, 0)
    if rng.random() < 0.3:
        # A generator that keeps detail: some of what the coarse picture lost comes back.
        fake += rng.uniform(0.2, 0.6) * (crop - cv2.GaussianBlur(crop.astype(np.float32), (0, 0), 1.0 * steps))
    real = crop
    if rng.random() < 0.5:
        real = cv2.resize(cv2.resize(crop, (coarse, coarse), interpolation=cv2.INTER_AREA), (side, side), interpolation=cv2.INTER_CUBIC)
    return real, np.clip(fake + 0.5, 0, 255).astype(np.uint8)


def _filter(rng: np.random.Generator) -> np.ndarray:
    """An up-sampling filter 4 × 4: nearest, linear, or one whose four phases differ, as those of learned transposed convolutions do."""
    kind = rng.random()
    if kind < 0.25:
        kernel = np.outer([0, 1, 1, 0], [0, 1, 1, 0]).astype(np.float32)
    elif kind < 0.5:
        kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 16
    else:
        kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 16
        kernel += rng.normal(0, rng.uniform(0.03, 0.12), (4, 4)).astype(np.float32)
    if kind < 0.8:
        for y in (0, 1):
            for x in (0, 1):
                # Each output pixel sees one phase of the filter; of equal sums, flat areas stay flat.
                kernel[y::2, x::2] /= kernel[y::2, x::2].sum()
    else:
        kernel *= 4 / kernel.sum()
    return kernel


def _grow(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    spread = np.zeros((image.shape[0] * 2, image.shape[1] * 2, 3), np.float32)
    spread[::2, ::2] = image
    return cv2.filter2D(spread, -1, kernel, anchor=(1, 1), borderType=cv2.BORDER_REFLECT_101)


def _noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.4:
        return np.zeros((1, 1, 1), np.float32)
    noise = rng.standard_normal((*image.shape[:2], 1)).astype(np.float32) * np.float32(rng.uniform(0.5, 4))
    return noise * rng.uniform(0.5, 1.5, 3).astype(np.float32)
