"""Faces painted small: what today's swap tools do to a picture, done to a real face with its own or another person's face.

Such tools (inswapper and its kin) warp the inner face to an aligned square of 112–256 px, paint a new face there, often pass it through a
face restorer, warp it back, match colours and blend. Whatever the face shows, its pixels are as coarse as the square, and the skin is as
smooth or as sharp as the painter likes it: at the picture's own resolution that stands out against hair, neck and background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np

from detector.degrade import jpeg
from detector.selfblend import FaceFrame, blend_mask, in_colours_of

# Eyes, nose tip and mouth centre in the aligned square of face recognition (ArcFace, 112 px), over its side.
_TEMPLATE = np.float32([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (56.14, 92.28)]) / 112

SQUARES = (112, 128, 160, 192, 224, 256)
"""Sides of squares that swap tools paint in."""

LIP_SQUARES = (72, 96, 128, 192, 256)
"""Sides of squares that lip-sync tools paint in: from chin to forehead, wider than `SQUARES` by `LIP_REACH`."""

LIP_REACH = 1.35
"""How much wider than the square of face recognition, which ends below the mouth, the square of lip-sync tools is."""

_UP = (cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


@dataclass(frozen=True)
class Donor:
    """Another person's face: uint8 [S, S, 3] and its six points [6, 2]."""

    pixels: np.ndarray
    landmarks: np.ndarray


def painted_small(picture: np.ndarray, landmarks: np.ndarray, donor: Donor | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The picture with its inner face painted small, uint8 [S, S, 3], and how much of each pixel was painted, float32 [S, S] in 0–1."""
    side = picture.shape[0]
    # Square units to picture pixels: tools align by similarity.
    laid = _aligned(landmarks)
    if laid is None:
        return picture.copy(), np.zeros((side, side), np.float32)
    square = _square_side(SQUARES, float(np.hypot(laid[0, 0], laid[1, 0])), rng)
    return _painted(picture, picture, laid, square, donor, _whole_face(landmarks, square, side, rng), rng)


def painted_lips(picture: np.ndarray, landmarks: np.ndarray, donor: Donor | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The picture with the face below the nose painted anew with another opening of the mouth, as lip-sync tools do (Wav2Lip in 96 pixels,
    MuseTalk in 256), uint8 [S, S, 3]; and how much of each pixel was painted, float32 [S, S] in 0–1."""
    side = picture.shape[0]
    laid = _aligned(landmarks)
    if laid is None:
        return picture.copy(), np.zeros((side, side), np.float32)
    # Wider, and lower by a part of what it is wider: the chin is inside then.
    rim = (LIP_REACH - 1) / 2
    laid = laid @ np.float32([[LIP_REACH, 0, -rim], [0, LIP_REACH, -0.5 * rim], [0, 0, 1]])
    square = _square_side(LIP_SQUARES, float(np.hypot(laid[0, 0], laid[1, 0])), rng)
    return _painted(picture, picture, laid, square, donor, lambda fitted, _: _lower_mask(fitted, square, side, rng), rng, _mouth_moved)


def painted_finer(picture: np.ndarray, landmarks: np.ndarray, donor: Donor | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The other way round: a picture that lost detail, real, uint8 [S, S, 3]; the same with an inner face finer than its surroundings; and how
    much of each pixel was painted. So do renderers and generators that paint sharp faces into small or compressed pictures; without these
    a net learns that soft is fake.
    """
    side = picture.shape[0]
    share = rng.uniform(0.35, 0.8)
    coarse = cv2.resize(picture, [max(int(side * share), 16)] * 2, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        coarse = jpeg(coarse, int(rng.integers(50, 96)))
    real = cv2.resize(coarse, (side, side), interpolation=int(rng.choice(_UP)))
    laid = _aligned(landmarks)
    if laid is None:
        return real, real.copy(), np.zeros((side, side), np.float32)
    square = max(int(float(np.hypot(laid[0, 0], laid[1, 0])) * rng.uniform(min(1.3 * share, 1.0), 1.2)), 24)
    return real, *_painted(real, picture, laid, square, donor, _whole_face(landmarks, square, side, rng), rng)


Painter = Callable[[np.ndarray, np.random.Generator], np.ndarray]

MaskOf = Callable[[np.ndarray, bool], np.ndarray]
"""Mask [S, S] of a square laid into the picture by [2, 3]; told whether the face in it is another person's."""


def _painted(
    picture: np.ndarray, source: np.ndarray, laid: np.ndarray, square: int, donor: Donor | None, mask_of: MaskOf, rng: np.random.Generator,
    moved: Painter = lambda face, _: face,
) -> tuple[np.ndarray, np.ndarray]:
    """The picture with the face of `source`, another version of it, painted in a square of so many pixels after `moved`; and the mask."""
    side = picture.shape[0]
    face, swapped = _to_square(source, laid, square), False
    if donor is not None and (theirs := _aligned(donor.landmarks)) is not None:
        inside = np.full((square, square), 1, np.float32)
        face, swapped = in_colours_of(_to_square(donor.pixels, theirs, square), face, inside, rng), True
    face = _paint(moved(face, rng), rng)
    fitted = laid @ np.float32([[1 / square, 0, 0], [0, 1 / square, 0], [0, 0, 1]])
    up = int(rng.choice(_UP))
    back = cv2.warpAffine(face, fitted, (side, side), flags=up, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.35:
        back = restored(back, rng)
    mask = mask_of(fitted, swapped)
    if mask.max() > 0:
        mask = mask / mask.max()
    if rng.random() < 0.5:
        back = in_colours_of(back, picture, mask, rng)
    weight = mask[..., None]
    mixed = back.astype(np.float32) * weight + picture.astype(np.float32) * (1 - weight)
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8), mask


def restored(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As face restorers leave it: skin smoothed, edges sharpened, at the picture's own resolution."""
    smooth = cv2.bilateralFilter(face, 5, float(rng.uniform(10, 40)), float(rng.uniform(1.5, 3)))
    return _sharpened(smooth, float(rng.uniform(0.8, 2.0)), float(rng.uniform(0.4, 1.6)))


def _aligned(landmarks: np.ndarray) -> np.ndarray | None:
    """The similarity from the unit square to the picture, float32 [2, 3]."""
    # Of a least-squares fit; four points leave no outlier to vote out.
    source, target = _TEMPLATE.astype(np.float64), np.asarray(landmarks, np.float64)[:4]
    a, b = source - source.mean(0), target - target.mean(0)
    power = (a * a).sum()
    cos, sin = (a * b).sum() / power, (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / power
    if np.hypot(cos, sin) < 8:
        return None
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([linear, (target.mean(0) - linear @ source.mean(0))[:, None]]).astype(np.float32)


def _square_side(squares: tuple[int, ...], reach: float, rng: np.random.Generator) -> int:
    """Of a tool's own square where it is not far finer than the picture, else of a share of the picture's resolution: far faces are small."""
    fitting = [side for side in squares if side <= 1.15 * reach]
    if fitting and rng.random() < 0.6:
        return int(rng.choice(fitting))
    return max(int(reach * rng.uniform(0.28, 1.05)), 24)


def _to_square(picture: np.ndarray, laid: np.ndarray, square: int) -> np.ndarray:
    wide = laid @ np.float32([[1 / square, 0, 0], [0, 1 / square, 0], [0, 0, 1]])
    scale = float(np.hypot(wide[0, 0], wide[1, 0]))
    if scale > 1.5:
        # warpAffine takes four neighbours only; blur first, as a tool that shrinks well would.
        picture = cv2.GaussianBlur(picture, (0, 0), 0.35 * scale)
    return cv2.warpAffine(picture, wide, (square, square), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101)


def _paint(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What the painter does inside its square: a slight bend, colour, and a smoothness of its own."""
    side = face.shape[0]
    if rng.random() < 0.5:
        field = cv2.resize(rng.normal(0, 0.012 * side, (5, 5, 2)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
        x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
        face = cv2.remap(face, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    if rng.random() < 0.5:
        values = (face.astype(np.float32) - 127) * rng.uniform(0.88, 1.12) + 127 + rng.uniform(-12, 12, 3)
        face = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    kind = rng.random()
    if kind < 0.3:
        face = cv2.bilateralFilter(face, 5, float(rng.uniform(8, 35)), float(rng.uniform(1, 3)))
    elif kind < 0.45:
        face = cv2.GaussianBlur(face, (0, 0), float(rng.uniform(0.4, 1.3)))
    elif kind < 0.65:
        face = _sharpened(cv2.bilateralFilter(face, 5, float(rng.uniform(5, 20)), 2.0), float(rng.uniform(0.7, 1.6)), float(rng.uniform(0.3, 1.2)))
    elif kind < 0.75:
        small = max(int(side * rng.uniform(0.5, 0.9)), 16)
        face = cv2.resize(cv2.resize(face, (small, small), interpolation=cv2.INTER_AREA), (side, side), interpolation=int(rng.choice(_UP)))
    elif kind < 0.82:
        face = jpeg(face, int(rng.integers(60, 96)))
    return face


def _sharpened(image: np.ndarray, sigma: float, gain: float) -> np.ndarray:
    return cv2.addWeighted(image, 1 + gain, cv2.GaussianBlur(image, (0, 0), sigma), -gain, 0)


def _mouth_moved(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The face with its mouth opened or closed: rows around the mouth drawn apart or together, most in its middle."""
    side = face.shape[0]
    x, y = np.meshgrid(*[np.linspace(0, 1, side, dtype=np.float32)] * 2)
    # Where the mouth lies in the wider square.
    mouth = (float(_TEMPLATE[3, 1]) + 0.5 * (LIP_REACH - 1) / 2) / LIP_REACH
    away = (y - mouth) / 0.14
    shift = rng.uniform(-0.05, 0.05) * away * np.exp(-(away**2) - ((x - 0.5) / 0.2) ** 2)
    return cv2.remap(face, (x + rng.uniform(-0.01, 0.01)) * (side - 1), (y + shift) * (side - 1), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _whole_face(landmarks: np.ndarray, square: int, side: int, rng: np.random.Generator) -> MaskOf:
    """The whole square, or the outline of the face."""
    # A whole square of somebody else would bring their hair along; of oneself it is what tools without a face parser do.
    square_too = rng.random() < 0.5
    outline = FaceFrame.from_landmarks(landmarks)
    return lambda fitted, swapped: _square_mask(fitted, square, side, rng) if square_too and not swapped else blend_mask(outline, side, rng)


def _lower_mask(fitted: np.ndarray, square: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """The lower half of the square, or an ellipse around mouth and chin, softened."""
    mask = np.zeros((square, square), np.float32)
    top, rim = int(square * rng.uniform(0.5, 0.62)), max(int(square * rng.uniform(0.05, 0.14)), 2)
    if rng.random() < 0.5:
        mask[top:-rim, rim:-rim] = 1
    else:
        middle = (square // 2, (top + square - rim) // 2)
        cv2.ellipse(mask, middle, (int(square * rng.uniform(0.22, 0.36)), max((square - rim - top) // 2, 2)), 0, 0, 360, 1, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), max(rim * rng.uniform(0.2, 0.6), 0.5))
    return cv2.warpAffine(mask, fitted, (side, side), flags=cv2.INTER_LINEAR)


def _square_mask(fitted: np.ndarray, square: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """The square itself, shrunk and softened: what tools without a face parser blend by."""
    mask = np.zeros((square, square), np.float32)
    rim = max(int(square * rng.uniform(0.04, 0.16)), 2)
    mask[rim:-rim, rim:-rim] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), max(rim * rng.uniform(0.3, 0.6), 0.5))
    return cv2.warpAffine(mask, fitted, (side, side), flags=cv2.INTER_LINEAR)
