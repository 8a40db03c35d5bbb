"""Lays out fakes that are made here, of held-out people, for the product's own evaluation:
`python3 -m texture.madefakes --faces cache/all --manifest DATA/manifest.csv --bank cache/banks --out heldout`.

Writes each pair as two JPEG files of one quality into `OUT/real/made/` and `OUT/fake/made_FAMILY/`, a family or generator a folder, always the same;
`detector.heldout` puts the media of the data beside them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np

from .bank import Bank
from .config import DataConfig, FamiliesConfig, read_config
from .nativefaces import NativeFaces
from .pairs import PairMaker
from .protocol import HELD_OUT_REALS, MADE, Picture, banked, made


def pairs(faces: NativeFaces, bank: Bank | None, config_path: Path, count: int) -> Iterator[tuple[str, int, Picture]]:
    """Family, number of the pair, and picture; the real of a pair comes before its fake."""
    config = read_config(config_path)
    people = {source: 1.0 for source in sorted({row.medium.source for row in faces.rows}) if source in HELD_OUT_REALS}
    everything = replace(config, families=FamiliesConfig(painted=1, blended=1, regrown=1, lips=1), data=DataConfig(real_sources=people))
    maker = PairMaker(faces, None, everything, "val")
    for family in MADE:
        for at, picture in enumerate(made(getattr(maker, family), family, count)):
            yield family, at // 2, picture
    for name in sorted({entry.generator for entry in bank.entries}) if bank else ():
        for at, picture in enumerate(banked(bank, name, count)):
            yield name, at // 2, picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[1] / "configs/texture/texture-all.toml", help="how faces are painted")
    parser.add_argument("--per-family", type=int, default=60)
    arguments = parser.parse_args()
    faces = NativeFaces.open(arguments.faces, arguments.manifest)
    for family, number, picture in pairs(faces, Bank.open(arguments.bank) if arguments.bank else None, arguments.config, arguments.per_family):
        folder = arguments.out / (f"fake/made_{family}" if picture.fake else "real/made")
        folder.mkdir(parents=True, exist_ok=True)
        # Of the pair: both are compressed alike.
        quality = int(np.random.default_rng((19, sum(family.encode()), number)).integers(85, 99))
        name = f"{family}-{number}@{'fake' if picture.fake else 'real'}.jpg"
        cv2.imwrite(str(folder / name), cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])


if __name__ == "__main__":
    main()
