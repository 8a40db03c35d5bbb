"""One TOML file an experiment of the texture member."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from detector import config as detector_config
from detector.crops import CROP_MARGIN


@dataclass(frozen=True)
class FamiliesConfig:
    """How many pairs of a step each family of generators gives; 0 leaves it out.

    painted: inner face painted small (`painted`). lips: the face below the nose painted anew (`painted.painted_lips`). blended: self-blends. regrown: brought down and grown by a filter drawn for it
    (`detector.lookalike`). resynthesised: pairs of the bank whose generator is in `generators`. labelled: real and fake of the data.
    """

    painted: int = 0
    blended: int = 0
    regrown: int = 0
    resynthesised: int = 0
    labelled: int = 0
    lips: int = 0
    generators: dict[str, float] = field(default_factory=dict)

    @property
    def pairs(self) -> int:
        return self.painted + self.blended + self.regrown + self.resynthesised + self.labelled + self.lips


@dataclass(frozen=True)
class DataConfig:
    """Share of each source; they need not sum to one. `reals_of`: where a source of fakes alone takes its reals from, by source and share."""

    real_sources: dict[str, float]
    labelled_sources: dict[str, float] = field(default_factory=dict)
    reals_of: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainConfig:
    """How a run is trained: at `learning_rate` after the warm-up, over the last `cooldown_steps` linearly down to nothing. `patches` of each
    picture of a pair are seen. `donor_share`: how many painted faces are another person's. `fresh_share`: how many pictures are brought down
    first, which takes the traces of their own compression away. `equally_soft_share`: pairs where the finer one is blurred to the softness
    of the other. `detail_share`: re-synthesised fakes that get some of the real's detail back. `plain_share`: degradations that leave
    fineness alone. `rank_weight`: of a loss that only asks for a fake's patch above its real's, beside the cross entropy of each.
    `refit_pairs`: after the last step the last layer of the averaged net is fitted to whole faces of so many pairs (`refit`); texture view only.
    `finer_share`: painted faces that are finer than a picture which lost its detail. `continues`: a run whose averaged weights are the start.
    """

    seed: int
    steps: int
    patches: int
    learning_rate: float
    warmup_steps: int
    cooldown_steps: int
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    label_smoothing: float = 0.02
    precision: str = "bfloat16"
    checkpoint_steps: int = 100
    donor_share: float = 0.4
    fresh_share: float = 0.5
    equally_soft_share: float = 0.25
    detail_share: float = 0.2
    rank_weight: float = 0.0
    finer_share: float = 0.0
    plain_share: float = 0.35
    refit_pairs: int = 0
    continues: str = ""


@dataclass(frozen=True)
class TextureConfig:
    """The net, what it is shown, and how it is trained. `view`: `texture` shows patches of `size` pixels of the face at its own resolution,
    `context` the whole aligned crop at `margin` (side over the longer side of the face box), brought to `size` pixels."""

    name: str
    architecture: str
    size: int
    data: DataConfig
    families: FamiliesConfig
    train: TrainConfig
    options: dict[str, Any] = field(default_factory=dict)
    view: str = "texture"
    margin: float = 0.0
    digest: str = ""

    @property
    def run_folder(self) -> Path:
        """Where checkpoint and log lie."""
        return detector_config.TRAINING / "runs" / self.name


def read_config(path: Path) -> TextureConfig:
    """Reads a file. Raises ValueError for an unknown or missing field, or a step without pairs."""
    raw = path.read_bytes()
    table = tomllib.loads(raw.decode())
    try:
        parts = dict(data=DataConfig(**table.pop("data")), families=FamiliesConfig(**table.pop("families")), train=TrainConfig(**table.pop("train")))
        unknown = set(table) - {f.name for f in fields(TextureConfig) if f.name != "digest"}
        if unknown:
            raise TypeError(f"unknown field {sorted(unknown)[0]}")
        if not parts["families"].pairs:
            raise TypeError("no family gives pairs")
        view, margin = table.get("view", "texture"), table.get("margin", 0.0)
        if view not in ("texture", "context") or (view == "context") != (1 <= margin <= CROP_MARGIN):
            raise TypeError(f"view '{view}' with margin {margin}: texture has none, context one from 1 to {CROP_MARGIN}")
        if view == "context" and (parts["families"].resynthesised or parts["train"].patches != 1 or parts["train"].refit_pairs):
            raise TypeError("the context view has no pairs of the bank, and one view of each picture")
        return TextureConfig(digest=_digest(raw), **parts, **table)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _digest(raw: bytes) -> str:
    """Names an experiment but for how long it runs and what is done with its end, which may be decided while it runs."""
    lines = [line for line in raw.splitlines() if not line.startswith((b"steps", b"cooldown_steps", b"refit_pairs", b"#"))]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()
