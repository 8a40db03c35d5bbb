"""An INT8 variant of an exported net that sees patches: `python3 -m texture.quantise NAME --crops DIR --manifest FILE`.

As `detector.quantise`, with patches of native squares instead of aligned crops; a face's logit is the mean of its patches'.
"""

from __future__ import annotations

import numpy as np

from detector.quantise import run

from . import patches
from .nativefaces import NativeFaces


def views(model: dict, faces: NativeFaces, row: int) -> np.ndarray:
    """The scored patches of a face as the net of a `model.json` takes them: float32 [R, 3, S, S]."""
    given = model["input"]
    picture, size = faces.pixels(row), given["size"]
    places = patches.scored_places(faces.landmarks(row), picture.shape[0], size, given["patches"])
    mean, std = (np.array(given[name], np.float32) for name in ("mean", "std"))
    cut = np.stack([patches.cut(picture, place, size) for place in places]).astype(np.float32) / 255
    return np.ascontiguousarray(((cut - mean) / std).transpose(0, 3, 1, 2))


if __name__ == "__main__":
    run(__doc__, "texture", NativeFaces.open, views)
