"""A zoo of small autoencoders that training makes itself: `python3 -m texture.decoders --faces CACHE --manifest FILE --out DIR [--names …]`.

Every generator ends in layers that grow a coarse map to a picture, and the way it grows leaves a trace: nearest neighbours, transposed
convolutions, pixel shuffles and linear filters each in their own fashion. A detector that has seen many of them in pairs with nothing but
the decoder between the two can carry over to one that it has not. Minutes each on one core; the sharp ones also learn against a
discriminator, since a detector that knows soft decoders alone takes softness for the trace.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from detector.precision import bfloat16

from .nativefaces import NativeFaces


@dataclass(frozen=True)
class DecoderSpec:
    """How a decoder grows its maps. `stride`: of the coarsest map. `kernel`: of a transposed convolution. `noisy`: noise of a learned strength
    is added at every resolution, as style-based generators do. `sharp`: learns against a discriminator too."""

    name: str
    growth: str
    stride: int
    kernel: int = 4
    noisy: bool = False
    sharp: bool = False
    width: int = 24
    latents: int = 16


ZOO = {spec.name: spec for spec in (
    DecoderSpec("nearest-4", "nearest", 4),
    DecoderSpec("transposed-4", "transposed", 4),
    DecoderSpec("shuffle-4", "shuffle", 4),
    DecoderSpec("bilinear-4", "bilinear", 4),
    DecoderSpec("nearest-8-sharp", "nearest", 8, sharp=True, latents=48),
    DecoderSpec("transposed-8-sharp", "transposed", 8, sharp=True, latents=48),
    DecoderSpec("shuffle-4-sharp", "shuffle", 4, sharp=True),
    DecoderSpec("filtered-4-sharp", "filtered", 4, noisy=True, sharp=True),
    DecoderSpec("transposed-8-odd", "transposed", 8, kernel=3, latents=48),
    DecoderSpec("shuffle-8", "shuffle", 8, latents=48),
    DecoderSpec("filtered-8-sharp", "filtered", 8, noisy=True, sharp=True, latents=48),
    DecoderSpec("nearest-8", "nearest", 8, latents=48),
    DecoderSpec("bilinear-8", "bilinear", 8, latents=48),
    DecoderSpec("nearest-16", "nearest", 16, latents=128),
    DecoderSpec("shuffle-16-sharp", "shuffle", 16, sharp=True, latents=128),
)}
"""All decoders by name; `growth` is the family that a run leaves out as a whole."""


class _Noise(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.full((1, channels, 1, 1), 0.05))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.strength * torch.randn_like(x[:, :1])


class _Filter(nn.Module):
    """Zeros between, then the binomial filter 1-3-3-1 (Karras et al., StyleGAN 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 3, 3, 1]) / 4
        self.register_buffer("kernel", (line[:, None] * line).expand(channels, 1, 4, 4).contiguous())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv_transpose2d(x, self.kernel.to(x.dtype), stride=2, padding=1, groups=x.shape[1])


class _Spread(nn.Module):
    """Zeros between, and around as the kernel wants: a convolution of this is a transposed convolution, which PyTorch computes ten times slower."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self._around = (kernel // 2, (kernel - 1) // 2) * 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spread = x.new_zeros(x.shape[0], x.shape[1], 2 * x.shape[2], 2 * x.shape[3])
        spread[:, :, ::2, ::2] = x
        return F.pad(spread, self._around)


def _grow(spec: DecoderSpec, inside: int, outside: int) -> list[nn.Module]:
    convolution = lambda channels: nn.Conv2d(channels, outside, 3, padding=1)
    if spec.growth == "nearest":
        return [nn.Upsample(scale_factor=2), convolution(inside)]
    if spec.growth == "bilinear":
        return [nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), convolution(inside)]
    if spec.growth == "transposed":
        return [_Spread(spec.kernel), nn.Conv2d(inside, outside, spec.kernel)]
    if spec.growth == "shuffle":
        return [nn.Conv2d(inside, 4 * outside, 3, padding=1), nn.PixelShuffle(2)]
    if spec.growth == "filtered":
        return [_Filter(inside), convolution(inside)]
    raise ValueError(f"unknown growth '{spec.growth}'.")


class Autoencoder(nn.Module):
    """Pictures [N, 3, H, W] in 0–1, sides multiples of the stride, to pictures of the same size. The coarse picture is passed on as it is and
    added at the end, grown bilinearly, as generators with an output at each resolution do: what is left to learn in minutes is detail."""

    def __init__(self, spec: DecoderSpec) -> None:
        super().__init__()
        steps = spec.stride.bit_length() - 1
        widths = [spec.width * min(2**step, 4) for step in range(steps + 1)]
        activation = lambda: nn.LeakyReLU(0.2)
        down: list[nn.Module] = [nn.Conv2d(3, widths[0], 3, padding=1), activation()]
        for inside, outside in zip(widths, widths[1:]):
            down += [nn.Conv2d(inside, outside, 4, 2, 1), activation()]
        self._stride = spec.stride
        self.encoder = nn.Sequential(*down, nn.Conv2d(widths[-1], spec.latents, 1))
        up: list[nn.Module] = [nn.Conv2d(spec.latents + 3, widths[-1], 3, padding=1), activation()]
        for inside, outside in zip(widths[:0:-1], widths[-2::-1]):
            up += [*_grow(spec, inside, outside), *([_Noise(outside)] if spec.noisy else []), activation(), nn.Conv2d(outside, outside, 3, padding=1), activation()]
        self.decoder = nn.Sequential(*up, nn.Conv2d(widths[0], 3, 3, padding=1))

    def forward(self, x: torch.Tensor, noise: float = 0.0) -> torch.Tensor:
        coarse = F.avg_pool2d(x * 2 - 1, self._stride)
        latents = self.encoder(x * 2 - 1)
        if noise:
            latents = latents + noise * latents.std() * torch.randn_like(latents)
        grown = F.interpolate(coarse, scale_factor=self._stride, mode="bilinear", align_corners=False)
        return (self.decoder(torch.cat([latents, coarse.to(latents.dtype)], 1)) + grown) / 2 + 0.5


def discriminator(width: int = 24) -> nn.Sequential:
    """Judges overlapping patches of 22 pixels."""
    return nn.Sequential(
        nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, 2 * width, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 2 * width, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(2 * width, 1, 1),
    )


def train_decoder(spec: DecoderSpec, faces: NativeFaces, rows: Sequence[int], steps: int, seed: int) -> tuple[Autoencoder, float]:
    """Trains one, and returns it with the last mean absolute error."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Autoencoder(spec).to(memory_format=torch.channels_last)
    judge = discriminator().to(memory_format=torch.channels_last)
    learner = torch.optim.Adam(net.parameters(), 1.5e-3)
    judge_learner = torch.optim.Adam(judge.parameters(), 5e-4, (0.5, 0.9))
    error = 0.0
    for step in range(steps):
        done = step / steps
        for group in learner.param_groups:
            group["lr"] = 1.5e-3 * min(1.0, 4 * (1 - done), (step + 1) / 50) + 1e-6
        x = _crops(faces, rows, rng)
        with bfloat16():
            y = net(x)
        y = y.float()
        absolute = (y - x).abs().mean()
        # Detail counts extra: a plain mean is content with soft pictures.
        loss = absolute + 0.5 * (_detail(y) - _detail(x)).abs().mean()
        if spec.sharp and done > 0.35:
            with bfloat16():
                loss = loss - 0.02 * judge(y * 2 - 1).float().mean()
        learner.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        learner.step()
        if spec.sharp and done > 0.25:
            with bfloat16():
                real, fake = judge(x * 2 - 1).float(), judge(y.detach() * 2 - 1).float()
            judged = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
            judge_learner.zero_grad(set_to_none=True)
            judged.backward()
            judge_learner.step()
        error += (float(absolute.detach()) - error) / min(step + 1, 50)
    return net.eval(), error


@torch.no_grad()
def through(net: Autoencoder, picture: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """The picture uint8 [S, S, 3] through an autoencoder; `noise` is that on its latents, over their spread."""
    torch.manual_seed(seed)
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    with bfloat16():
        y = net(x.contiguous(memory_format=torch.channels_last), noise)
    return (y[0].float().clamp(0, 1).permute(1, 2, 0) * 255 + 0.5).byte().numpy()


def load(folder: Path, name: str) -> Autoencoder:
    """A trained decoder of the zoo."""
    net = Autoencoder(ZOO[name])
    net.load_state_dict(torch.load(folder / f"{name}.pt", map_location="cpu"))
    return net.eval().to(memory_format=torch.channels_last)


def _crops(faces: NativeFaces, rows: Sequence[int], rng: np.random.Generator, count: int = 8, side: int = 64) -> torch.Tensor:
    crops = []
    for _ in range(count):
        picture = faces.pixels(rows[int(rng.integers(len(rows)))])
        left, top = rng.integers(0, picture.shape[0] - side + 1, 2)
        crops.append(picture[top : top + side, left : left + side])
    return (torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last)


def _detail(x: torch.Tensor) -> torch.Tensor:
    return x - F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


SOURCES = ("fairface_540", "portraits_web", "london_set", "sports_stars", "caltech_faces", "canada_set")
"""Of whose training reals the decoders learn: the sharper ones."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", nargs="+", default=list(ZOO))
    parser.add_argument("--steps", type=int, default=900, help="for each; sharp ones take half as many again")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    faces = NativeFaces.open(arguments.faces, arguments.manifest)
    rows = faces.where("train", False, SOURCES)
    for number, name in enumerate(ZOO):
        path = arguments.out / f"{name}.pt"
        if name not in arguments.names or path.exists():
            continue
        began, steps = time.monotonic(), arguments.steps * 3 // 2 if ZOO[name].sharp else arguments.steps
        net, error = train_decoder(ZOO[name], faces, rows, steps, number)
        if not error < 0.15:
            raise ValueError(f"{name} did not learn: mean absolute error {255 * error:.0f} of 255.")
        torch.save(net.state_dict(), path.with_suffix(".partial"))
        os.replace(path.with_suffix(".partial"), path)
        print(f"{name}: {steps} steps, {time.monotonic() - began:.0f} s, mean absolute error {255 * error:.1f} of 255", flush=True)


if __name__ == "__main__":
    main()
