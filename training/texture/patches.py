"""Where patches are taken, and how they are cut: whole pixels of the picture, never resampled."""

from __future__ import annotations

import numpy as np

from detector.selfblend import FaceFrame

# (rise, side) of a face frame: eyes, nose, mouth, cheeks, chin, jaw, forehead.
_PLACES = [(0.0, -0.5), (0.0, 0.5), (-0.5, 0.0), (-1.0, 0.0), (-0.6, -0.6), (-0.6, 0.6), (-1.45, 0.0), (-1.2, -0.6), (-1.2, 0.6), (0.6, 0.0)]

SCORED = 6
"""How many of the places are scored, at most."""


def cut(picture: np.ndarray, centre: np.ndarray, size: int) -> np.ndarray:
    """The square of `size` pixels around a point, moved inside the picture; a smaller picture is mirrored at its edges."""
    short = max(size - picture.shape[0], 0)
    if short:
        picture = np.pad(picture, ((short // 2, short - short // 2),) * 2 + ((0, 0),), mode="symmetric")
        centre = np.asarray(centre) + short // 2
    left, top = corner(centre, size, picture.shape[0])
    return picture[top : top + size, left : left + size]


def corner(centre: np.ndarray, size: int, side: int) -> tuple[int, int]:
    """Left and top of the square of a patch inside a picture of `side` pixels."""
    x, y = (int(np.clip(round(float(value) - size / 2), 0, side - size)) for value in centre)
    return x, y


def scored_places(landmarks: np.ndarray, side: int, size: int, most: int = SCORED) -> list[np.ndarray]:
    """Centres of the patches that speak for a face, from the middle outwards, `most` of them; of places that would show nearly the same, one.
    The InferenceWorker's `PatchPlaces` is the same."""
    frame = FaceFrame.from_landmarks(landmarks)
    chosen: list[np.ndarray] = []
    corners: list[tuple[int, int]] = []
    for rise, across in _PLACES:
        centre = frame.point(rise, across)
        at = corner(centre, size, max(side, size))
        if all(max(abs(at[0] - x), abs(at[1] - y)) >= size // 3 for x, y in corners):
            chosen.append(centre)
            corners.append(at)
        if len(chosen) == most:
            break
    return chosen


def drawn_places(landmarks: np.ndarray, mask: np.ndarray, size: int, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Centres for training: places of the face that tremble, of a few candidates those where most was changed (`mask` [S, S] in 0–1)."""
    frame = FaceFrame.from_landmarks(landmarks)
    side = mask.shape[0]
    reach = float(np.linalg.norm(frame.left_side) + np.linalg.norm(frame.right_side)) / 2
    chosen = []
    for _ in range(count):
        candidates = [frame.point(*_PLACES[int(rng.integers(len(_PLACES)))]) + rng.normal(0, 0.25 * reach, 2) for _ in range(3)]
        chosen.append(max(candidates, key=lambda centre: min(_covered(mask, centre, size, side), 0.5)))
    return chosen


def _covered(mask: np.ndarray, centre: np.ndarray, size: int, side: int) -> float:
    left, top = corner(centre, min(size, side), side)
    return float(mask[top : top + size : 4, left : left + size : 4].mean())
