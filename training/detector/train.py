"""Trains one experiment: `python3 -m detector.train configs/NAME.toml [--resume]`.

Each step's batch is a function of (seed, step) alone, so that a resumed run sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .config import Config, read_config
from .data import CropSet, PairSampler
from .metrics import auc
from .nets import build
from .precision import bfloat16
from .progress import progress
from .score import logits_of, normalised
from .sequence import check_length
from .views import Views, views_of

LOG_FIELDS = ("epoch", "step", "seconds", "learning_rate", "loss")
"""Then the AUC of everything that `Watch` looks at."""


class Ema:
    """Exponential moving average of a net's weights and statistics; early steps average over fewer."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.net = copy.deepcopy(net).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for kept, new in zip(self.net.state_dict().values(), net.state_dict().values()):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


def batch_at(views: Views, sampler: PairSampler, config: Config, step: int) -> tuple[np.ndarray, np.ndarray]:
    """The batch of a step: uint8 [B, S, S, 3], or [B, T, S, S, 3] of clips, and labels [B]. Both members of a pair get the same degradation."""
    rng = np.random.default_rng((config.train.seed, step))
    images: list[np.ndarray] = []
    for _ in range(config.train.blend_pairs):
        row = sampler.blend(rng)
        donor = sampler.donor(row, rng) if rng.random() < config.train.foreign_share else None
        images += views.blended(row, donor, rng)
    for _ in range(config.train.pairs):
        images += views.labelled(*sampler.pair(rng), rng)
    for _ in range(config.train.look_alike_pairs):
        images += views.look_alike(sampler.blend(rng), rng)
    return np.stack(images), np.tile(np.float32([0, 1]), len(images) // 2)


@dataclass(frozen=True)
class Machine:
    """What trains: a device of PyTorch, and how many processes make batches for it (0: the one that trains)."""

    device: str = "cpu"
    workers: int = 0


class Batches:
    """Batches in order, made ahead by other processes where there are any: what a batch holds does not depend on who makes it."""

    _made_of: tuple[Views, PairSampler, Config]

    def __init__(self, views: Views, sampler: PairSampler, config: Config, workers: int) -> None:
        Batches._made_of = (views, sampler, config)
        # Forked, so that no process reads the crops again.
        self._pool = multiprocessing.get_context("fork").Pool(workers, cv2.setNumThreads, (0,)) if workers else None

    def of(self, steps: range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The batches of these steps."""
        yield from self._pool.imap(Batches._make, steps) if self._pool else map(Batches._make, steps)

    def close(self) -> None:
        """Ends the other processes."""
        if self._pool:
            self._pool.terminate()

    @staticmethod
    def _make(step: int) -> tuple[np.ndarray, np.ndarray]:
        return batch_at(*Batches._made_of, step)


def learning_rate(config: Config, step: int) -> float:
    """Linear warm-up, a cosine over `horizon_epochs` down to a hundredth, and over the last `cooldown_steps` linearly to nothing."""
    train = config.train
    if step < train.warmup_steps:
        return train.learning_rate * (step + 1) / train.warmup_steps
    done = (step - train.warmup_steps) / max(train.horizon_epochs * train.steps_per_epoch - train.warmup_steps, 1)
    rate = train.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1))))
    left = train.epochs * train.steps_per_epoch - step
    return rate * min(1.0, left / train.cooldown_steps) if train.cooldown_steps else rate


class Watch:
    """A fixed small look at held-out people after each epoch: AUC per source, and real against self-blend. Nothing is selected by it."""

    def __init__(self, crops: CropSet, views: Views, config: Config, per_class: int = 100) -> None:
        self._batch = max(32 // max(config.length, 1), 1)
        rng = np.random.default_rng(7)
        pick = lambda rows: rng.permutation(views.heads(rows))[:per_class].tolist()
        self._sets: dict[str, tuple[list[np.ndarray], np.ndarray]] = {}
        sources = sorted({row.medium.source for row in crops.rows})
        for source in sources:
            reals = pick(crops.where("val", False, [config.data.reals_of.get(source, source)]))
            fakes = pick(crops.where("val", True, [source]))
            if reals and fakes:
                self._sets[f"{source}_auc"] = ([views.clean(i) for i in reals + fakes], np.array([0] * len(reals) + [1] * len(fakes)))
        blends = [image for row in pick(crops.where("val", False)) for image in views.blended(row, None, rng)]
        if blends:
            self._sets["self_blend_auc"] = (blends, np.array([0, 1] * (len(blends) // 2)))
        self.fields = list(self._sets)

    def look(self, net: nn.Module) -> dict[str, float]:
        return {name: auc(labels, logits_of(net, images, self._batch)) for name, (images, labels) in self._sets.items()}


def train(config: Config, crops: CropSet, resume: bool, machine: Machine = Machine(), seconds: float = math.inf) -> Path:
    """Trains to the end, or until another epoch (but the first) would not fit into `seconds`, and returns the checkpoint."""
    begun = time.monotonic()
    torch.manual_seed(config.train.seed)
    folder = config.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, log = folder / "checkpoint.pt", folder / "log.csv"
    net = build(config.architecture, **config.options).to(memory_format=torch.channels_last)
    check_length(net, config.length)
    if config.train.continues:
        start = torch.load(config.run_folder.with_name(config.train.continues) / "checkpoint.pt", map_location="cpu")
        net.load_state_dict(start["ema"])
    net.to(machine.device)
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
        first = state["epoch"]
    sampler = PairSampler(crops, config.data.blend_sources, config.data.pair_sources, config.data.reals_of)
    views = views_of(crops, config)
    # A clip is as dear as its crops.
    watch = Watch(crops, views, config, 30 if config.length else 100)
    if first and log.exists():
        with log.open(newline="") as stream:
            log_fields = next(csv.reader(stream))
    else:
        log_fields = [*LOG_FIELDS, *watch.fields]
        _write_row(log, log_fields, fresh=True)
    batches = Batches(views, sampler, config, machine.workers)
    longest = 0.0
    for epoch in range(first, config.train.epochs):
        started = time.monotonic()
        if longest and started - begun + longest > seconds:
            break
        loss = _epoch(net, ema, optimiser, batches, config, epoch)
        seen = watch.look(ema.net)
        step = (epoch + 1) * config.train.steps_per_epoch
        save(checkpoint, dict(config=config.digest, net=net.state_dict(), ema=ema.net.state_dict(), optimiser=optimiser.state_dict(), epoch=epoch + 1))
        values = dict(epoch=epoch + 1, step=step, seconds=round(time.monotonic() - started), learning_rate=f"{learning_rate(config, step):.2e}", loss=f"{loss:.4f}")
        values |= {name: f"{value:.4f}" for name, value in seen.items()}
        _write_row(log, [values.get(name, "") for name in log_fields])
        print(" ".join(f"{name}={value}" for name, value in values.items()), flush=True)
        longest = max(longest, time.monotonic() - started)
    batches.close()
    return checkpoint


def _epoch(net: nn.Module, ema: Ema, optimiser: torch.optim.Optimizer, batches: Batches, config: Config, epoch: int) -> float:
    net.train()
    device = next(net.parameters()).device
    total = 0.0
    steps = range(epoch * config.train.steps_per_epoch, (epoch + 1) * config.train.steps_per_epoch)
    for step, (images, labels) in progress(zip(steps, batches.of(steps)), f"epoch {epoch + 1}", len(steps)):
        torch.manual_seed(config.train.seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(config, step)
        smoothing = config.train.label_smoothing
        targets = torch.from_numpy(labels).to(device) * (1 - 2 * smoothing) + smoothing
        with bfloat16(config.train.precision == "bfloat16", device.type):
            logit, _ = net(normalised(net, images))
        loss = F.binary_cross_entropy_with_logits(logit[:, 0].float(), targets)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        ema.update(net, step)
        total += float(loss.detach())
    return total / len(steps)


def parameter_groups(net: nn.Module, weight_decay: float) -> list[dict]:
    # Decay shrinks directions; scales and offsets of normalisation have none to shrink.
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    return [dict(params=decayed, weight_decay=weight_decay), dict(params=plain, weight_decay=0.0)]


def save(path: Path, state: dict) -> None:
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def _write_row(path: Path, values, fresh: bool = False) -> None:
    with path.open("w" if fresh else "a", newline="") as stream:
        csv.writer(stream).writerow(values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--crops", type=Path, required=True, help="folder the FrameService's crops command wrote")
    parser.add_argument("--manifest", type=Path, required=True, help="manifest.csv of the data")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches ahead; on a GPU one a core")
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop at the last checkpoint that fits into this time; --resume goes on")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(0)
    config = read_config(arguments.config)
    crops = CropSet.open(arguments.crops, arguments.manifest)
    train(config, crops, arguments.resume, Machine(arguments.device, arguments.workers), arguments.seconds)


if __name__ == "__main__":
    main()
