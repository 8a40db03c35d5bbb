"""Exports a run to the models folder: `python3 -m texture.export configs/texture/NAME.toml --name texture --version 1.0.0 [--models DIR]`.

A net of the texture view scores one patch; the service cuts and pools patches as training did. Calibration is written by the fit of the fusion.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from detector.export import MODELS, TERMS, network_fields, parity, write_onnx

from .config import TextureConfig, read_config
from .patches import SCORED
from .protocol import load_average
from .train import STARTS, keep_start

GENERATORS = {"taef2": "pairs re-synthesised by the autoencoder taef2 (MIT)", "esrgan": "pairs re-synthesised by the nets of npm @upscalerjs/esrgan-slim (MIT)"}
"""What to say of generators of others, by the beginning of their names."""

START = "start: ImageNet ResNet-18 of Microsoft.ML.DnnImageFeaturizer.ResNet18 (MIT)"


def manifest(config: TextureConfig, network: dict, name: str, version: str, steps: int) -> dict:
    """`model.json`, uncalibrated."""
    if config.view == "texture":
        network["input"] = {key: value for key, value in network["input"].items() if key not in ("margin", "tta_flip")} | {"view": "texture", "patches": SCORED}
        network["output"] = {key: value for key, value in network["output"].items() if key != "cam"}
    sources = sorted({*config.data.real_sources, *config.data.labelled_sources, *(real for shares in config.data.reals_of.values() for real in shares)})
    return {
        "name": name, "version": version, "architecture": config.architecture, **network,
        "licence": "non-commercial research: trained on FaceForensics++, DFDC and research-only face sets",
        "training_data": [*(TERMS[source] for source in sources), *(text for begin, text in GENERATORS.items() if any(name.startswith(begin) for name in config.families.generators)), START],
        "training": {"config": config.digest, "steps": steps},
        "metrics": {},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--keep-start", action="store_true", help="keeps the weights in starts/ too, for runs that go on from them")
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    net, steps = load_average(config, arguments.runs)
    folder = arguments.models / arguments.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    write_onnx(net, config.size, file)
    difference = parity(net, file, config.size)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB after {steps} steps, largest difference {difference:.1e}")
    if difference > 1e-4:
        raise SystemExit("the exported net says something else than the trained one.")
    if arguments.keep_start:
        keep_start((arguments.runs / config.name if arguments.runs else config.run_folder), STARTS / f"{config.name}.pt")
    card = manifest(config, network_fields(net, config.size, config.margin, 0, file), arguments.name, arguments.version, steps)
    (folder / "model.json").write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
