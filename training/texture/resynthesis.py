"""Fills banks: real pictures and their copies through an autoencoder. `python3 -m texture.resynthesis --faces CACHE --manifest FILE
--out BANKS --generators NAME … [--weights DIR] [--zoo DIR]`. A generator is `taef2`, a net of `esrgan`, or a decoder of the zoo (`decoders`)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, Iterator

import cv2
import numpy as np
import torch

from detector.progress import progress

from . import bank, decoders, esrgan, taef2
from .nativefaces import NativeFaces
from .pairs import fresh

SOURCES = {"fairface_540": 0.28, "portraits_web": 0.2, "london_set": 0.14, "lfw": 0.14, "sports_stars": 0.06, "caltech_faces": 0.08, "canada_set": 0.02, "talk_mead": 0.02, "talk_styletalk": 0.04, "talk_grid": 0.02}
"""Of whose reals a bank's pairs are made, and in what shares."""

GREATEST_SIDE = 320
"""Larger pictures are cut around the face: time goes with the area."""

Generator = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def pairs(name: str, generate: Generator, faces: NativeFaces, split: str, count: int, seed: int) -> Iterator[tuple[bank.BankEntry, np.ndarray, np.ndarray]]:
    """So many pairs of a split, one a face drawn by source."""
    chosen = []
    for source, share in SOURCES.items():
        rows = faces.where(split, False, [source])
        chosen += [int(row) for row in np.random.default_rng(seed).permutation(rows)[: max(round(share * count), 1)]]
    for row in progress(chosen[:count], f"{name} {split}"):
        rng = np.random.default_rng((seed, row))
        face = faces.rows[row]
        picture, landmarks = fresh(faces.pixels(row), faces.landmarks(row), face.size, 0.5, rng)
        picture, landmarks = _middle(picture, landmarks)
        fake = generate(picture, rng)
        medium = face.medium
        yield bank.BankEntry(name, medium.path, medium.source, medium.group, medium.split, 0, picture.shape[0], tuple(landmarks.ravel().tolist())), picture, fake


def _middle(picture: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A square around the face, its side a multiple of 16."""
    side = min(picture.shape[0], GREATEST_SIDE) // 16 * 16
    left, top = (int(np.clip(value - side / 2, 0, picture.shape[0] - side)) for value in landmarks[:4].mean(0))
    return np.ascontiguousarray(picture[top : top + side, left : left + side]), landmarks - np.float32([left, top])


def generator(name: str, weights: Path | None, zoo: Path | None) -> Generator:
    """A generator by name; the latents of two in three pictures are changed a little, as a sampler's are never those of a real picture."""
    if name == "taef2":
        if weights is None:
            raise ValueError("taef2 needs --weights.")
        nets = tuple(net.to(memory_format=torch.channels_last) for net in taef2.load(weights))
        return lambda picture, rng: taef2.resynthesise(nets, picture, float(rng.choice([0, 0.05, 0.15])), rng)
    if name in esrgan.FACTORS:
        grown = esrgan.load(name)
        return lambda picture, _: grown(picture)
    if zoo is None:
        raise ValueError(f"{name} needs --zoo.")
    net = decoders.load(zoo, name)
    return lambda picture, rng: decoders.through(net, picture, float(rng.choice([0, 0.03, 0.08])), int(rng.integers(1 << 31)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--generators", nargs="+", required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--zoo", type=Path)
    parser.add_argument("--train", type=int, default=300, help="pairs of the training split a generator")
    parser.add_argument("--val", type=int, default=60)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    faces = NativeFaces.open(arguments.faces, arguments.manifest)
    for name in arguments.generators:
        folder = arguments.out / name
        if (folder / bank.TABLE).exists():
            continue
        partial = arguments.out / f".{name}"
        generate = generator(name, arguments.weights, arguments.zoo)
        seed = 1 + sum(name.encode())

        def both():
            yield from pairs(name, generate, faces, "train", arguments.train, seed)
            yield from pairs(name, generate, faces, "val", arguments.val, seed)

        print(f"{name}: {bank.write(partial, both())} pairs", flush=True)
        partial.rename(folder)


if __name__ == "__main__":
    main()
