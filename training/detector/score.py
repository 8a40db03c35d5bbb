"""Runs a net over views of crops."""

from __future__ import annotations

from typing import Iterable, Protocol, Sequence

import numpy as np
import torch
from torch import nn

from .runtime import Session


def normalised(net: nn.Module, images: np.ndarray) -> torch.Tensor:
    """uint8 RGB [N, S, S, 3] to the net's input [N, 3, S, S], where the net is; clips [N, T, S, S, 3] likewise."""
    device = next(net.parameters()).device
    mean = torch.tensor(net.mean).view(1, 3, 1, 1).to(device)
    std = torch.tensor(net.std).view(1, 3, 1, 1).to(device)
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device).flatten(0, -4).permute(0, 3, 1, 2).float()
    return ((pixels / 255 - mean) / std).contiguous(memory_format=torch.channels_last).unflatten(0, images.shape[:-3])


@torch.no_grad()
def logits_of(net: nn.Module, views: Sequence[np.ndarray], batch: int = 32) -> np.ndarray:
    """Logits [N] of uint8 views [S, S, 3] or [T, S, S, 3]; the net is left in evaluation mode."""
    net.eval()
    parts = [net(normalised(net, np.stack(views[i : i + batch])))[0][:, 0].float().cpu().numpy() for i in range(0, len(views), batch)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


class Scorer(Protocol):
    """Anything that scores views of crops."""

    def logits(self, views: Iterable[np.ndarray]) -> np.ndarray:
        """Logits [N] of uint8 views [S, S, 3]."""


class OnnxScorer:
    """An exported net in the runtime that serves it."""

    def __init__(self, session: Session, mean: Sequence[float], std: Sequence[float], batch: int = 8) -> None:
        self._session = session
        self._mean, self._std = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in (mean, std))
        self._batch = batch

    def logits(self, views: Iterable[np.ndarray]) -> np.ndarray:
        """Logits [N] of uint8 views [S, S, 3]."""
        parts: list[np.ndarray] = []
        waiting: list[np.ndarray] = []
        for view in views:
            waiting.append(view)
            if len(waiting) == self._batch:
                parts.append(self._run(waiting))
                waiting = []
        if waiting:
            parts.append(self._run(waiting))
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _run(self, views: list[np.ndarray]) -> np.ndarray:
        pixels = np.stack(views).transpose(0, 3, 1, 2).astype(np.float32) / 255
        return self._session.run((pixels - self._mean) / self._std)["logit"][:, 0]
