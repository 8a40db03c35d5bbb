"""Trains one experiment: `python3 -m texture.train configs/texture/NAME.toml --faces CACHE --manifest FILE [--bank DIR] [--resume]`.

Each step's batch is a function of (seed, step) alone, so that a resumed run sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from detector.config import TRAINING
from detector.metrics import auc
from detector.nets import build
from detector.precision import bfloat16
from detector.score import normalised
from detector.train import Ema, parameter_groups, save

from .bank import Bank
from .config import TextureConfig, read_config
from .nativefaces import NativeFaces
from .pairs import PairMaker, views_of
from .refit import refit

STARTS = TRAINING / "starts"
"""Averaged weights of runs that others go on from, committed: runs/ is not."""

LOG_FIELDS = ("step", "seconds", "learning_rate", "loss", "training_auc")


def batch_at(maker: PairMaker, config: TextureConfig, step: int) -> tuple[np.ndarray, np.ndarray]:
    """The batch of a step: views uint8 [B, S, S, 3] and labels [B]. Pair by pair, first those of the real, then those of the fake."""
    rng = np.random.default_rng((config.train.seed, step))
    images: list[np.ndarray] = []
    labels: list[float] = []
    for pair in maker.draw(rng):
        real, fake = views_of(pair, config, rng)
        images += real + fake
        labels += [0.0] * len(real) + [1.0] * len(fake)
    return np.stack(images), np.float32(labels)


def learning_rate(config: TextureConfig, step: int) -> float:
    """Linear warm-up, level, and over the last `cooldown_steps` linearly to nothing: a run may be made longer while it goes."""
    train = config.train
    warm = min((step + 1) / max(train.warmup_steps, 1), 1.0)
    left = (train.steps - step) / train.cooldown_steps if train.cooldown_steps else 1.0
    return train.learning_rate * min(warm, left, 1.0)


def start_weights(run: Path) -> dict[str, torch.Tensor]:
    """Averaged weights of a run on this machine, or of one of that name that is kept in `starts/`, in half precision. Raises ValueError when
    there is neither."""
    checkpoint, kept = run / "checkpoint.pt", STARTS / f"{run.name}.pt"
    if checkpoint.exists():
        return torch.load(checkpoint, map_location="cpu")["ema"]
    if not kept.exists():
        raise ValueError(f"neither {checkpoint} nor {kept} is there to go on from.")
    return {name: value.float() if value.dtype.is_floating_point else value for name, value in torch.load(kept, map_location="cpu").items()}


def keep_start(run: Path, kept: Path) -> None:
    """Writes a run's averaged weights in half precision, for runs of other days that go on from it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    weights = torch.load(run / "checkpoint.pt", map_location="cpu")["ema"]
    torch.save({name: value.half() if value.dtype.is_floating_point else value for name, value in weights.items()}, kept)


def train(config: TextureConfig, faces: NativeFaces, bank: Bank | None, resume: bool, runs: Path | None = None) -> Path:
    """Trains to the end and returns the checkpoint."""
    torch.manual_seed(config.train.seed)
    folder = (runs / config.name) if runs else config.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, log = folder / "checkpoint.pt", folder / "log.csv"
    net = build(config.architecture, **config.options).to(memory_format=torch.channels_last)
    if config.train.continues:
        net.load_state_dict(start_weights(folder.with_name(config.train.continues)))
    ema = Ema(net, config.train.ema_decay)
    optimiser = torch.optim.AdamW(parameter_groups(net, config.train.weight_decay), lr=config.train.learning_rate)
    first = 0
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        if state["config"] != config.digest:
            raise ValueError(f"{checkpoint} belongs to another version of this experiment's file.")
        net.load_state_dict(state["net"])
        ema.net.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]
    else:
        with log.open("w", newline="") as stream:
            csv.writer(stream).writerow(LOG_FIELDS)
    maker = PairMaker(faces, bank, config)
    net.train()
    started, losses, seen = time.monotonic(), [], ([], [])
    for step in range(first, config.train.steps):
        images, labels = batch_at(maker, config, step)
        losses.append(_step(net, optimiser, config, step, images, labels, seen))
        ema.update(net, step)
        if (step + 1) % config.train.checkpoint_steps == 0 or step + 1 == config.train.steps:
            save(checkpoint, dict(config=config.digest, net=net.state_dict(), ema=ema.net.state_dict(), optimiser=optimiser.state_dict(), step=step + 1))
            row = (step + 1, round(time.monotonic() - started), f"{learning_rate(config, step):.2e}", f"{np.mean(losses):.4f}", f"{auc(*map(np.concatenate, seen)):.4f}")
            with log.open("a", newline="") as stream:
                csv.writer(stream).writerow(row)
            print(" ".join(f"{name}={value}" for name, value in zip(LOG_FIELDS, row)), flush=True)
            started, losses, seen = time.monotonic(), [], ([], [])
    if config.train.refit_pairs:
        state = torch.load(checkpoint, map_location="cpu")
        if not state.get("refitted"):
            ema.net.load_state_dict(state["ema"])
            refit(ema.net, maker, config)
            save(checkpoint, state | dict(ema=ema.net.state_dict(), refitted=True))
    return checkpoint


def _step(net, optimiser, config: TextureConfig, step: int, images: np.ndarray, labels: np.ndarray, seen: tuple[list, list]) -> float:
    torch.manual_seed(config.train.seed * 1_000_003 + step)
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(config, step)
    smoothing = config.train.label_smoothing
    targets = torch.from_numpy(labels) * (1 - 2 * smoothing) + smoothing
    with bfloat16(config.train.precision == "bfloat16"):
        logit, _ = net(normalised(net, images))
    logit = logit[:, 0].float()
    loss = F.binary_cross_entropy_with_logits(logit, targets)
    if config.train.rank_weight:
        # Batches lie pair by pair, the real's patches first: what both show of a person cancels out.
        real, fake = logit.view(-1, 2, config.train.patches).unbind(1)
        loss = loss + config.train.rank_weight * F.softplus(real - fake).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    seen[0].append(labels)
    seen[1].append(logit.detach().numpy())
    return float(loss.detach())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--faces", type=Path, required=True, help="folder the FrameService's crops command wrote")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--bank", type=Path, help="folder of banks that texture.resynthesis wrote")
    parser.add_argument("--runs", type=Path, help="where runs lie (default: runs/)")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(0)
    config = read_config(arguments.config)
    faces = NativeFaces.open(arguments.faces, arguments.manifest, aligned=config.view == "context")
    train(config, faces, Bank.open(arguments.bank) if arguments.bank else None, arguments.resume, arguments.runs)


if __name__ == "__main__":
    main()
