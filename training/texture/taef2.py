"""TAEF2, a tiny autoencoder of FLUX.2's latent space (MIT, Ollin Boer Bohan): a real picture that only the decoder has been over.

Used while training to make paired fakes; nothing of it is shipped. The two files hold one array a layer, named as in its README.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from detector.precision import bfloat16


class Block(nn.Module):
    """Three convolutions added to their input; a block with a pool first adds what group norm sees at 1 × 1."""

    def __init__(self, channels: int, pooled: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        if pooled:
            self.pool = nn.Sequential(nn.Conv2d(channels, 4 * channels, 1, bias=False), _Norm(4, 4 * channels), nn.ReLU(), nn.Conv2d(4 * channels, channels, 1, bias=False))
        self.pooled = pooled

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.pooled:
            x = x + self.pool(x)
        return F.relu(self.conv(x) + x)


class _Norm(nn.GroupNorm):
    """In full precision: PyTorch 1.13 has no mixed one."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.float())


class _Squash(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 3 * torch.tanh(x / 3)


def encoder(channels: int = 64, latents: int = 32) -> nn.Sequential:
    """Pictures [N, 3, H, W] in 0–1, sides multiples of eight, to latents [N, 32, H/8, W/8]."""
    def down() -> nn.Conv2d:
        return nn.Conv2d(channels, channels, 3, stride=2, padding=1, bias=False)

    blocks = lambda pooled=False: [Block(channels, pooled) for _ in range(3)]
    return nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1), Block(channels), down(), *blocks(), down(), *blocks(), down(), *blocks(True),
        nn.Conv2d(channels, latents, 3, padding=1),
    )


def decoder(channels: int = 64, latents: int = 32) -> nn.Sequential:
    """Latents to pictures; clamp to 0–1."""
    def up() -> list[nn.Module]:
        return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, channels, 3, padding=1, bias=False)]

    blocks = lambda pooled=False: [Block(channels, pooled) for _ in range(3)]
    return nn.Sequential(
        _Squash(), nn.Conv2d(latents, channels, 3, padding=1), nn.ReLU(), *blocks(True), *up(), *blocks(), *up(), *blocks(), *up(),
        Block(channels), nn.Conv2d(channels, 3, 3, padding=1),
    )


def load(folder: Path) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder from `taef2_encoder.npz` and `taef2_decoder.npz`."""
    pair = []
    for name, net in (("encoder", encoder()), ("decoder", decoder())):
        with np.load(folder / f"taef2_{name}.npz") as arrays:
            net.load_state_dict({key: torch.from_numpy(arrays[key].astype(np.float32)) for key in arrays.files})
        pair.append(net.eval())
    return pair[0], pair[1]


@torch.no_grad()
def resynthesise(nets: tuple[nn.Module, nn.Module], picture: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """The picture [S, S, 3] through both; `noise` is that on the latents, over their spread."""
    encode, decode = nets
    with bfloat16():
        x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        latents = encode(x.contiguous(memory_format=torch.channels_last))
        if noise:
            drawn = torch.from_numpy(rng.standard_normal(tuple(latents.shape), np.float32))
            latents = latents + noise * latents.float().std() * drawn
        shown = decode(latents).float().clamp(0, 1)
    return (shown[0].permute(1, 2, 0) * 255 + 0.5).byte().numpy()
