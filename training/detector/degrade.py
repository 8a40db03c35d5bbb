"""What happens to pictures on their way to us, drawn once and applied alike to a real face and its fake.

A `Degradation` is a plain record: the same record gives the same framing, blur, noise and compression to both members of a pair,
so that none of them tells the classes apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Sequence

import cv2
import numpy as np

from .crops import CROP_MARGIN, window

_INTERPOLATIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)

_BLURS = (0.45, 0.6, 0.75, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5, 3.2)


@dataclass(frozen=True)
class Degradation:
    """One draw. Zero or None means: leave out."""

    flip: bool = False
    margin: float = 1.3
    shift: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    early_jpeg: int = 0
    middle_side: int = 0
    shrink: int = cv2.INTER_AREA
    grow: int = cv2.INTER_LINEAR
    blur: float = 0.0
    noise: float = 0.0
    noise_seed: int = 0
    contrast: float = 1.0
    brightness: float = 0.0
    tint: tuple[float, float, float] = (0.0, 0.0, 0.0)
    saturation: float = 1.0
    grey: bool = False
    late_jpeg: int = 0
    late_video: int = 0
    middle_jpeg: int = 0


CONDITIONS: dict[str, Callable[[float, int], Degradation]] = {
    "clean": lambda margin, side: Degradation(margin=margin),
    # As they are, but only the media and crops that all further conditions have: what these lose is measured against it.
    "sampled": lambda margin, side: Degradation(margin=margin),
    "jpeg90": lambda margin, side: Degradation(margin=margin, late_jpeg=90),
    "jpeg70": lambda margin, side: Degradation(margin=margin, late_jpeg=70),
    "jpeg50": lambda margin, side: Degradation(margin=margin, late_jpeg=50),
    "jpeg30": lambda margin, side: Degradation(margin=margin, late_jpeg=30),
    "half": lambda margin, side: Degradation(margin=margin, middle_side=side // 2),
    "quarter": lambda margin, side: Degradation(margin=margin, middle_side=side // 4),
    "video": lambda margin, side: Degradation(margin=margin, late_video=30),
    "blur": lambda margin, side: Degradation(margin=margin, blur=1.2),
    "noise": lambda margin, side: Degradation(margin=margin, noise=6.0, noise_seed=1),
    # What a shot of a screen does: another scale and back, a little contrast, another codec.
    "screenshot": lambda margin, side: Degradation(margin=margin, middle_side=int(side * 0.8), grow=cv2.INTER_CUBIC, contrast=1.06, late_jpeg=80),
}
"""Fixed conditions for evaluation and calibration, by name. They act on the view the net sees, not on the whole picture."""


def draw(rng: np.random.Generator, margin: float, side: int, plain_share: float = 0.0) -> Degradation:
    """A training draw around the serving margin for a net of `side` pixels; `plain_share` of them keep to framing, light and fine JPEG."""
    chance = lambda p: bool(rng.random() < p)
    colour = chance(0.6)
    late = rng.random()
    how = Degradation(
        flip=chance(0.5),
        margin=float(rng.uniform(margin * 0.85, min(margin * 1.15, CROP_MARGIN))),
        shift=(float(rng.uniform(-0.04, 0.04)), float(rng.uniform(-0.04, 0.04))),
        turn=float(rng.uniform(-8, 8)) if chance(0.4) else 0.0,
        early_jpeg=int(rng.integers(40, 101)) if chance(0.35) else 0,
        middle_side=int(round(np.exp(rng.uniform(np.log(40), np.log(side))))) if chance(0.5) else 0,
        shrink=int(rng.choice(_INTERPOLATIONS)),
        grow=cv2.INTER_NEAREST if chance(0.06) else int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_CUBIC))),
        blur=float(rng.uniform(0.4, 1.8)) if chance(0.25) else 0.0,
        noise=float(rng.uniform(1, 8)) if chance(0.2) else 0.0,
        noise_seed=int(rng.integers(1 << 31)),
        contrast=float(rng.uniform(0.75, 1.25)) if colour else 1.0,
        brightness=float(rng.uniform(-25, 25)) if colour else 0.0,
        tint=tuple(rng.uniform(-15, 15, 3).tolist()) if colour else (0.0, 0.0, 0.0),
        saturation=float(rng.uniform(0.6, 1.3)) if colour else 1.0,
        grey=chance(0.05),
        late_jpeg=int(rng.integers(40, 101)) if late < 0.45 else 0,
        late_video=int(rng.integers(15, 76)) if late >= 0.75 else 0,
    )
    if plain_share and chance(plain_share):
        fine = int(rng.integers(70, 101)) if chance(0.5) else 0
        return replace(how, early_jpeg=0, middle_side=0, blur=0.0, noise=0.0, grey=False, late_jpeg=fine, late_video=0)
    # A small picture that was compressed at its size and grown afterwards, as faces far from the camera are.
    return replace(how, middle_jpeg=int(rng.integers(25, 96))) if how.middle_side and chance(0.4) else how


def apply(crop: np.ndarray, how: Degradation, side: int) -> np.ndarray:
    """uint8 [S, S, 3] at the pack's margin to uint8 [side, side, 3] at the draw's margin."""
    image = jpeg(crop, how.early_jpeg) if how.early_jpeg else crop
    image = _frame(image, how, side)
    if how.flip:
        image = np.ascontiguousarray(image[:, ::-1])
    if how.blur:
        image = cv2.GaussianBlur(image, (0, 0), how.blur)
    if how.middle_side:
        image = cv2.resize(image, (how.middle_side, how.middle_side), interpolation=how.shrink)
        if how.middle_jpeg:
            image = jpeg(image, how.middle_jpeg)
        image = cv2.resize(image, (side, side), interpolation=how.grow)
    image = light(image, how)
    if how.late_jpeg:
        image = jpeg(image, how.late_jpeg)
    if how.late_video:
        # WebP is a VP8 key frame: block prediction, 4 × 4 transforms and a loop filter, near to what H.264 does to a frame.
        image = codec(image, ".webp", cv2.IMWRITE_WEBP_QUALITY, how.late_video)
    return image


def at_resolution(crop: np.ndarray, size: float) -> np.ndarray:
    """The crop as if its face had had only `size` source pixels; unchanged where it already had fewer than the crop shows."""
    shown = crop.shape[0] / CROP_MARGIN
    if size >= shown:
        return crop
    side = max(int(round(size * CROP_MARGIN)), 16)
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, crop.shape[:2], interpolation=cv2.INTER_LINEAR)


def no_finer_than(crop: np.ndarray, size: float, wanted: float) -> np.ndarray:
    """A crop of a face of `size` source pixels as if it had had `wanted`; unchanged where that is no more than a twentieth less."""
    return at_resolution(crop, wanted) if size > 1.05 * wanted else crop


def equally_sharp(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both crops, the one with the finer face blurred until it is as soft as the other's."""
    (first,), (second,) = equally_sharp_clips([first], [second])
    return first, second


def equally_sharp_clips(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
    """The same for the frames of two clips: every frame of the finer one is blurred alike."""
    fineness = [_mean_fineness(images) for images in (first, second)]
    if fineness[0] > fineness[1]:
        return _as_soft_as(first, fineness[1]), second
    return first, _as_soft_as(second, fineness[0])


def _as_soft_as(images: Sequence[np.ndarray], wanted: float) -> Sequence[np.ndarray]:
    blurred = images
    for sigma in _BLURS:
        if _mean_fineness(blurred) <= 1.05 * wanted:
            break
        blurred = [cv2.GaussianBlur(image, (0, 0), sigma) for image in images]
    return blurred


def _mean_fineness(images: Sequence[np.ndarray]) -> float:
    return sum(map(_fineness, images)) / len(images)


def _fineness(image: np.ndarray) -> float:
    """Variance of the Laplacian of the inner face."""
    quarter = image.shape[0] // 4
    return float(cv2.Laplacian(cv2.cvtColor(image[quarter:-quarter, quarter:-quarter], cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def _frame(image: np.ndarray, how: Degradation, side: int) -> np.ndarray:
    source = image.shape[0]
    if how.turn:
        centre = ((source - 1) / 2, (source - 1) / 2)
        matrix = cv2.getRotationMatrix2D(centre, how.turn, 1.0)
        image = cv2.warpAffine(image, matrix, (source, source), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shift = (how.shift[0] * source, how.shift[1] * source)
    return window(image, source * how.margin / CROP_MARGIN, shift, side)


def light(image: np.ndarray, how: Degradation) -> np.ndarray:
    plain = how.contrast == 1.0 and how.brightness == 0.0 and how.saturation == 1.0 and not any(how.tint)
    if not (plain and how.noise == 0.0):
        values = image.astype(np.float32)
        if not plain:
            values = (values - 127) * how.contrast + 127 + how.brightness + np.array(how.tint, np.float32)
            grey = values.mean(2, keepdims=True)
            values = grey + (values - grey) * how.saturation
        if how.noise:
            noise = np.random.default_rng(how.noise_seed)
            channels = 3 if how.noise_seed % 2 else 1
            values = values + noise.standard_normal((*image.shape[:2], channels), np.float32) * how.noise
        image = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    if how.grey:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return image


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    return codec(image, ".jpg", cv2.IMWRITE_JPEG_QUALITY, quality)


def codec(image: np.ndarray, extension: str, option: int, quality: int) -> np.ndarray:
    # OpenCV's codecs take BGR for YCbCr's sake; swap so that luma is weighted as cameras and encoders do.
    encoded = cv2.imencode(extension, image[..., ::-1], [option, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1])
