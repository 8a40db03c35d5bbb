"""Self-blended images (Shiohara and Yamasaki, CVPR 2022), our own implementation from the paper's description.

A real face is blended with a slightly changed copy of itself inside a soft face mask: source and target generator, landmark
transform, mask generator. The paper takes the mask's hull from 81 landmarks; here a face frame is spanned by the detector's six
(right eye, left eye, nose tip, mouth centre, right ear, left ear) and outlines of several families are drawn in it, because the
variety of masks matters more than the exactness of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Crop = np.ndarray
"""uint8 [S, S, 3], RGB."""


@dataclass(frozen=True)
class FaceFrame:
    """Axes of a face in crop pixels: `point(0, 0)` is the midpoint of the eyes, `point(-1, 0)` the mouth centre, `point(0, ±1)` its sides."""

    origin: np.ndarray
    up: np.ndarray
    left_side: np.ndarray
    right_side: np.ndarray

    @staticmethod
    def from_landmarks(landmarks: np.ndarray) -> "FaceFrame":
        """From six points [6, 2] in crop pixels."""
        right_eye, left_eye, _, mouth, right_ear, left_ear = np.asarray(landmarks, np.float64).reshape(6, 2)
        eyes = (right_eye + left_eye) / 2
        height = max(float(np.linalg.norm(eyes - mouth)), 4.0)
        up = (eyes - mouth) / height if np.linalg.norm(eyes - mouth) > 1e-6 else np.array([0.0, -1.0])
        across = np.array([-up[1], up[0]])
        if across @ (left_eye - right_eye) < 0:
            across = -across
        half_eyes = max(float(np.linalg.norm(left_eye - right_eye)) / 2, 0.3 * height)
        # A turned head shows one cheek narrower than the other; ears that the detector guessed are kept within reason.
        left = float(np.clip((left_ear - eyes) @ across, 1.1 * half_eyes, 2.6 * half_eyes))
        right = float(np.clip((eyes - right_ear) @ across, 1.1 * half_eyes, 2.6 * half_eyes))
        return FaceFrame(eyes, up * height, across * left, across * right)

    def point(self, rise: float, side: float) -> np.ndarray:
        """A point `rise` eye-mouth distances above the eyes and `side` half widths towards the person's left (negative: right)."""
        return self.origin + self.up * rise + (self.left_side if side >= 0 else self.right_side) * side


# Outlines in face-frame units: (rise, side). Upper limit and jaw are varied when drawn.
_INNER = [(0.35, -0.72), (0.35, 0.72), (-0.35, 0.62), (-1.3, 0.42), (-1.3, -0.42), (-0.35, -0.62)]
_LOWER = [(-0.35, -0.4), (-0.35, 0.4), (-0.7, 0.8), (-1.3, 0.6), (-1.75, 0.0), (-1.3, -0.6), (-0.7, -0.8)]
_EYES = [(0.42, -0.85), (0.42, 0.85), (-0.28, 0.85), (-0.32, -0.85)]
_MOUTH = [(-0.68, -0.3), (-0.68, 0.3), (-0.95, 0.5), (-1.35, 0.35), (-1.35, -0.35), (-0.95, -0.5)]
_NOSE_MOUTH = [(0.05, -0.12), (0.05, 0.12), (-0.7, 0.42), (-1.4, 0.4), (-1.4, -0.4), (-0.7, -0.42)]


def self_blend(crop: Crop, landmarks: np.ndarray, rng: np.random.Generator) -> Crop:
    """A fake made of one real crop: uint8 [S, S, 3]. Pixels outside the mask are those of the (possibly changed) target."""
    return blended_pair(crop, landmarks, rng)[1]


def blended_pair(crop: Crop, landmarks: np.ndarray, rng: np.random.Generator) -> tuple[Crop, Crop]:
    """A real and a fake made of one real crop, both uint8 [S, S, 3]. The real is the picture around the fake's mask or the one inside it,
    changed as a whole or not at all: neither softness, nor colour, nor compression tells the two apart, only that the fake has two of them.
    """
    mask = blend_mask(FaceFrame.from_landmarks(landmarks), crop.shape[0], rng)
    changed = _change(crop, rng)
    inside, around = (changed, crop) if rng.random() < 0.5 else (crop, changed)
    moved, mask = _shift(inside, mask, rng)
    fake = _join(moved, around, mask, rng)
    # The moved one, since moving softens a little.
    return (around if rng.random() < 0.5 else moved), fake


def foreign_pair(crop: Crop, landmarks: np.ndarray, donor: Crop, donor_landmarks: np.ndarray, rng: np.random.Generator) -> tuple[Crop, Crop]:
    """A real and a fake that wears the inner face of another person (Li et al., "Face X-ray", CVPR 2020), both uint8 [S, S, 3].

    The donor's eyes, nose and mouth are laid over the target's, its colours brought near, and its face often passed through a small
    picture, as the nets that paint swaps have a size of their own. The real is the target, changed as a whole half of the time.
    """
    side = crop.shape[0]
    laid = cv2.estimateAffinePartial2D(np.float32(donor_landmarks[:4]), np.float32(landmarks[:4]), method=cv2.LMEDS)[0]
    if laid is None:
        return blended_pair(crop, landmarks, rng)
    around = _change(crop, rng) if rng.random() < 0.5 else crop
    face = cv2.warpAffine(donor, laid, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    if rng.random() < 0.5:
        face = _rescale(face, rng)
    mask = blend_mask(FaceFrame.from_landmarks(landmarks), side, rng)
    return around, _join(in_colours_of(face, around, mask, rng), around, mask, rng)


def _join(inside: Crop, around: Crop, mask: np.ndarray, rng: np.random.Generator) -> Crop:
    """Blends by weight or, now and then, in the gradient domain, which takes the step in colour away and leaves that in texture."""
    if rng.random() < 0.2:
        inside = _seamless(inside, around, mask)
    weight = mask[..., None]
    blended = inside.astype(np.float32) * weight + around.astype(np.float32) * (1 - weight)
    return np.clip(blended + 0.5, 0, 255).astype(np.uint8)


def _seamless(inside: Crop, around: Crop, mask: np.ndarray) -> Crop:
    # Half the side is enough: the correction is smooth, and Poisson's equation is dear.
    side = mask.shape[0] // 2
    area = (cv2.resize(mask, (side, side)) > 0.05).astype(np.uint8) * 255
    area[:2], area[-2:], area[:, :2], area[:, -2:] = 0, 0, 0, 0
    left, top, width, height = cv2.boundingRect(area)
    if min(width, height) < 8:
        return inside
    small, base = (cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in (inside, around))
    centre = (left + width // 2, top + height // 2)
    cloned = cv2.seamlessClone(small, base, area, centre, cv2.NORMAL_CLONE)
    correction = cv2.resize(cloned.astype(np.float32) - small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(inside + cv2.GaussianBlur(correction, (0, 0), 2.0) + 0.5, 0, 255).astype(np.uint8)


def in_colours_of(face: Crop, around: Crop, mask: np.ndarray, rng: np.random.Generator) -> Crop:
    """The face with mean and spread of its channels inside the mask brought towards those of the other picture."""
    chosen = mask > 0.5 * mask.max()
    if chosen.sum() < 64:
        return face
    values = face.astype(np.float32)
    own, other = values[chosen], around[chosen].astype(np.float32)
    spread = np.clip((other.std(0) + 1) / (own.std(0) + 1), 0.5, 2.0)
    share = np.float32(rng.uniform(0.6, 1.0))
    brought = (values - own.mean(0)) * (1 + share * (spread - 1)) + own.mean(0) + share * (other.mean(0) - own.mean(0))
    return np.clip(brought + 0.5, 0, 255).astype(np.uint8)


def blend_mask(frame: FaceFrame, side: int, rng: np.random.Generator) -> np.ndarray:
    """A soft mask float32 [side, side] in 0–1: outline, elastic deformation, blur, erosion or dilation, blend ratio."""
    scale = side / 256
    mask = np.zeros((side, side), np.float32)
    for _ in range(8):
        _draw_outline(mask, frame, rng)
        if mask.any():
            break
    if rng.random() < 0.8:
        mask = _elastic(mask, rng.uniform(8, 70) * scale, rng.choice([16, 28, 44]) * scale, rng)
    mask = _blur(mask, rng.choice([1.2, 2.0, 3.5, 6.0, 9.0]) * scale)
    if rng.random() < 0.5:
        # Thresholding a blurred mask low dilates it, high erodes it; then a new edge.
        mask = (mask > rng.uniform(0.15, 0.85)).astype(np.float32)
        mask = _blur(mask, rng.choice([0.8, 2.0, 4.0, 6.5, 10.0, 14.0]) * scale)
    return mask * np.float32(rng.choice([0.25, 0.5, 0.75, 1.0, 1.0, 1.0]))


def _draw_outline(mask: np.ndarray, frame: FaceFrame, rng: np.random.Generator) -> None:
    family = rng.random()
    if family < 0.25:
        points = _ellipse(rng)
    elif family < 0.55:
        points = _whole_face(rng)
    elif family < 0.72:
        points = _INNER
    elif family < 0.82:
        points = _LOWER
    elif family < 0.88:
        points = _EYES
    elif family < 0.92:
        points = _MOUTH
    elif family < 0.97:
        points = _NOSE_MOUTH
    else:
        points = _half_face(rng)
    width = float(np.linalg.norm(frame.left_side) + np.linalg.norm(frame.right_side)) / 2
    grow = rng.uniform(0.92, 1.1)
    shape = np.array([frame.point(rise * grow, across * grow) for rise, across in points])
    shape += rng.normal(0, 0.05 * width, shape.shape)
    if len(shape) > 6:
        kept = rng.random(len(shape)) > 0.12
        shape = shape[kept] if kept.sum() >= 5 else shape
    if rng.random() < 0.85:
        shape = cv2.convexHull(shape.astype(np.float32))[:, 0]
    cv2.fillPoly(mask, [np.round(shape * 16).astype(np.int32)], 1.0, shift=4)


def _whole_face(rng: np.random.Generator) -> list[tuple[float, float]]:
    brow, jaw = rng.uniform(0.35, 1.05), rng.uniform(1.55, 1.95)
    return [
        (brow, -0.72), (brow + 0.12, 0.0), (brow, 0.72), (0.0, 0.98), (-0.7, 0.9), (-1.3, 0.68),
        (-jaw + 0.1, 0.32), (-jaw, 0.0), (-jaw + 0.1, -0.32), (-1.3, -0.68), (-0.7, -0.9), (0.0, -0.98),
    ]


def _ellipse(rng: np.random.Generator) -> list[tuple[float, float]]:
    centre, half_height, half_width = rng.uniform(-0.65, -0.3), rng.uniform(0.95, 1.5), rng.uniform(0.7, 1.1)
    power = rng.uniform(0.7, 1.0)  # below 1: a rounder rectangle
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    bend = lambda v: np.sign(v) * np.abs(v) ** power
    return list(zip(centre + half_height * bend(np.sin(angles)), half_width * bend(np.cos(angles))))


def _half_face(rng: np.random.Generator) -> list[tuple[float, float]]:
    sign = 1 if rng.random() < 0.5 else -1
    return [(rise, side) for rise, side in _whole_face(rng) if side * sign >= 0]


def _elastic(mask: np.ndarray, strength: float, smoothness: float, rng: np.random.Generator) -> np.ndarray:
    # The displacement field is smooth, so an eighth of the resolution is enough to draw it.
    side = mask.shape[0]
    coarse = max(side // 8, 4)
    field = rng.uniform(-1, 1, (coarse, coarse, 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), smoothness / 8, borderType=cv2.BORDER_REFLECT_101)
    field = cv2.resize(field, (side, side)) * np.float32(strength)
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    return cv2.remap(mask, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR)


def _blur(mask: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.3))


def _change(crop: Crop, rng: np.random.Generator) -> Crop:
    """The source-target generator: colour, then frequency content. At least one of them always acts."""
    image = crop.astype(np.float32)
    if rng.random() < 0.5:
        image += rng.uniform(-20, 20, 3).astype(np.float32)
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(np.clip(image, 0, 255) / 255, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(-14, 14)) % 360
        hsv[..., 1] *= rng.uniform(0.7, 1.3)
        hsv[..., 2] *= rng.uniform(0.8, 1.2)
        image = cv2.cvtColor(np.clip(hsv, 0, (360, 1, 1)).astype(np.float32), cv2.COLOR_HSV2RGB) * 255
    if rng.random() < 0.6:
        image = (image - 127) * rng.uniform(0.85, 1.15) + 127 + rng.uniform(-15, 15)
    changed = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    kind = rng.random()
    if kind < 0.35:
        changed = _rescale(changed, rng)
    elif kind < 0.47:
        changed = cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.8, 3.0))
    elif kind < 0.57:
        soft = cv2.GaussianBlur(changed, (0, 0), rng.uniform(1.0, 3.0))
        gain = rng.uniform(0.3, 1.2)
        changed = cv2.addWeighted(changed, 1 + gain, soft, -gain, 0)
    elif kind < 0.7:
        quality = int(rng.integers(30, 81))
        changed = cv2.imdecode(cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return changed


def _rescale(image: Crop, rng: np.random.Generator) -> Crop:
    side = image.shape[0]
    small = int(side / rng.uniform(1.6, 5.0))
    down = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_LINEAR)
    up = rng.choice([cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_NEAREST])
    return cv2.resize(down, (side, side), interpolation=int(up))


def _shift(source: Crop, mask: np.ndarray, rng: np.random.Generator) -> tuple[Crop, np.ndarray]:
    """The landmark transform: source and mask move, turn and scale together by a little."""
    side = mask.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-2, 2), 1.0)
    stretch = np.diag([rng.uniform(0.95, 1.05), rng.uniform(0.95, 1.05)])
    linear = stretch @ turn[:, :2]
    centre = np.array([side / 2, side / 2])
    offset = centre - linear @ centre + rng.uniform(-0.02, 0.02, 2) * side
    matrix = np.hstack([linear, offset[:, None]])
    moved = cv2.warpAffine(source, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return moved, cv2.warpAffine(mask, matrix, (side, side))
