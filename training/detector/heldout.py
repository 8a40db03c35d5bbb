"""Lays out held-out media for the product's own evaluation: `python3 -m detector.heldout --manifest DATA/manifest.csv --out DIR`, then
`../run evaluate --cluster-by '/([^/@]+)@' DIR`.

Links up to so many held-out media of each source, class and forgery into `DIR/real/SOURCE/` and `DIR/fake/SOURCE_FORGERY/`, always the same.
A name begins with the group of its people, `GROUP@NAME`, so that intervals can resample them: `--cluster-by '/([^/@]+)@'`.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path
from typing import Collection
from urllib.parse import quote

from .data import Medium, read_manifest


def folder_of(medium: Medium, forgeries: int) -> str:
    """Where a medium goes; a forgery has a folder of its own where its source has several."""
    name = medium.source if forgeries < 2 else f"{medium.source}_{re.sub('[^A-Za-z0-9]+', '-', medium.forgery)}"
    return f"{'fake' if medium.fake else 'real'}/{name}"


def name_of(medium: Medium) -> str:
    """What a medium is called there. The quoted group holds neither `@` nor `/`, and no two groups become one."""
    return f"{quote(medium.group, safe='')}@{Path(medium.path).name}"


def chosen(media: list[Medium], per_folder: int, whole: Collection[str] = ()) -> dict[str, list[Medium]]:
    """Held-out media by folder; of sources in `whole`, which no net was trained on, media of either split."""
    held = [m for m in media if m.split == "val" or m.source in whole]
    forgeries = {source: len({m.forgery for m in held if m.fake and m.source == source}) for source in {m.source for m in held}}
    folders: dict[str, list[Medium]] = {}
    for medium in sorted(held, key=lambda m: hashlib.sha256(m.path.encode()).digest()):
        inside = folders.setdefault(folder_of(medium, forgeries[medium.source] if medium.fake else 0), [])
        if len(inside) < per_folder:
            inside.append(medium)
    return dict(sorted(folders.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-folder", type=int, default=60)
    parser.add_argument("--whole", nargs="*", default=[], help="sources that no net was trained on: their training split is held out too")
    arguments = parser.parse_args()
    root = arguments.manifest.resolve().parent
    for folder, media in chosen(read_manifest(arguments.manifest), arguments.per_folder, arguments.whole).items():
        target = arguments.out / folder
        target.mkdir(parents=True, exist_ok=True)
        wanted = {name_of(medium): root / medium.path for medium in media}
        for link in target.iterdir():
            if link.is_symlink() and link.name not in wanted:
                link.unlink()  # of an earlier choice
        for name, path in wanted.items():
            if not (target / name).is_symlink():
                (target / name).symlink_to(path)
        print(f"{folder}: {len(media)}")


if __name__ == "__main__":
    main()
