"""One TOML file an experiment."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

TRAINING = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class DataConfig:
    """Share of each source; they need not sum to one. `reals_of` names where a source without reals takes them from. `terms`: under which terms
    a source comes, for the card.
    """

    blend_sources: dict[str, float]
    pair_sources: dict[str, float]
    reals_of: dict[str, str] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainConfig:
    """How a run is trained. A step sees 2 · (blend_pairs + pairs + look_alike_pairs) crops. `precision`: float32 or bfloat16 (matrix products
    only). `foreign_share`: how many of the blends (0–1) wear another person's face. `plain_share`: how many degradations leave fineness alone.
    `equally_sharp_share`: how many labelled pairs have the finer face blurred to the softness of the other. `continues`: a run whose averaged
    weights are the start; with `half_of_start` what is exported and scored lies half-way between that start and the end (Wortsman et al., CVPR
    2022: what fine-tuning forgot comes back, most of what it learned stays).
    """

    seed: int
    epochs: int
    horizon_epochs: int
    cooldown_steps: int
    steps_per_epoch: int
    blend_pairs: int
    pairs: int
    learning_rate: float
    weight_decay: float
    warmup_steps: int
    ema_decay: float
    label_smoothing: float
    precision: str = "float32"
    look_alike_pairs: int = 0
    foreign_share: float = 0.0
    plain_share: float = 0.0
    equally_sharp_share: float = 0.0
    continues: str = ""
    half_of_start: bool = False


@dataclass(frozen=True)
class Config:
    """An experiment: the net, what it sees, and how it is trained. `length`: for a net over face tracks, how many crops of one it sees
    at once, 2–64. `licence`: the terms that the weights come under.
    """

    name: str
    architecture: str
    size: int
    margin: float
    data: DataConfig
    train: TrainConfig
    options: dict[str, Any] = field(default_factory=dict)
    length: int = 0
    licence: str = ""
    digest: str = ""
    path: Path = Path()

    @property
    def run_folder(self) -> Path:
        """Where checkpoint and log lie."""
        return TRAINING / "runs" / self.name


def read_config(path: Path) -> Config:
    """Reads a file. Raises ValueError for an unknown or missing field."""
    raw = path.read_bytes()
    table = tomllib.loads(raw.decode())
    try:
        data = DataConfig(**table.pop("data"))
        train = TrainConfig(**table.pop("train"))
        unknown = set(table) - {f.name for f in fields(Config) if f.name not in ("digest", "path")}
        if unknown:
            raise TypeError(f"unknown field {sorted(unknown)[0]}")
        if train.precision not in ("float32", "bfloat16"):
            raise TypeError(f"unknown precision '{train.precision}'")
        if table.get("length", 0) not in (0, *range(2, 65)):
            raise TypeError("length must lie in 2–64")
        return Config(data=data, train=train, digest=_digest(raw), path=path, **table)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _digest(raw: bytes) -> str:
    """Names an experiment but for how long it runs and what its card says, which may be decided while it runs."""
    lines = [line for line in raw.splitlines() if not line.startswith((b"epochs", b"terms", b"licence", b"#"))]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()
