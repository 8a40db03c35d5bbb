"""Writes the fast profile, a folder of models by itself: `python3 -m detector.fast swap-mobilenet texture:2 [--models DIR]`.

`Inference:Profile=fast` serves it. Each model is named with the patches that are scored of a face, where it sees patches; what is served is its INT8 form.
The fusion of these models is fitted like the other one: `python3 -m detector.fusion fusion-fast.toml … --profile fast --write`.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from .export import MODELS

PROFILE = "fast"


def write(models: Path, name: str, patches: int | None) -> Path:
    """Copies the INT8 form of a model into the profile, with a manifest that says so. Raises ValueError where it has no such form, or no patches to choose."""
    manifest = json.loads((models / name / "model.json").read_text())
    variant = next((one for one in manifest.pop("variants", []) if one["precision"] == "int8"), None)
    if variant is None:
        raise ValueError(f"{name} has no INT8 form: run its quantise first.")
    if patches is not None:
        if "patches" not in manifest["input"]:
            raise ValueError(f"{name} does not see patches.")
        manifest["input"]["patches"] = patches
    folder = models / PROFILE / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(models / name / variant["file"], folder / manifest["file"])
    manifest |= {"version": f"{manifest['version']}-{PROFILE}", "sha256": variant["sha256"]}
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", nargs="+", metavar="NAME[:PATCHES]")
    parser.add_argument("--models", type=Path, default=MODELS)
    arguments = parser.parse_args()
    for member in arguments.members:
        name, _, patches = member.partition(":")
        print(write(arguments.models, name, int(patches) if patches else None))


if __name__ == "__main__":
    main()
