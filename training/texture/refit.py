"""Refits the last layer of a net that sees patches on whole faces, as the service scores them.

Training sees one patch of a picture, where most was changed; the service averages what the net says of up to six places, and some of them show
nothing. The logit is linear in the features of the last layer, so that the mean logit of a face is the logit of its mean features: the layer can be
fitted to those directly, in a minute, without touching the net before it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from detector.precision import bfloat16
from detector.score import normalised

from . import degradation, patches
from .config import TextureConfig
from .pairs import PairMaker, equally_soft, how_degraded, moved

PULL = 0.1
"""Price of a weight's distance from where training left it, in units of its feature's spread. Of 0.001 to 1, on 408 pairs, 0.1 gained most on
painted and blended faces before faces out of decoders lost."""


@torch.no_grad()
def face_features(net: torch.nn.Module, config: TextureConfig, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """What the last layer gets of a face: the mean over its scored patches, float32 [C]."""
    places = patches.scored_places(landmarks, picture.shape[0], config.size)
    caught: list[torch.Tensor] = []
    hook = net.classifier.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    try:
        with bfloat16(config.train.precision == "bfloat16"):
            net(normalised(net, np.stack([patches.cut(picture, place, config.size) for place in places])))
    finally:
        hook.remove()
    return caught[0].float().mean(0).numpy()


def drawn(net: torch.nn.Module, maker: PairMaker, config: TextureConfig) -> tuple[np.ndarray, np.ndarray]:
    """Features [2N, C] and labels [2N] of `refit_pairs` training pairs, each real before its fake."""
    features: list[np.ndarray] = []
    step = 0
    while len(features) < 2 * config.train.refit_pairs:
        rng = np.random.default_rng((config.train.seed, 1 << 30, step))
        step += 1
        for pair in maker.draw(rng):
            real, fake = (pair.real, pair.fake) if rng.random() >= config.train.equally_soft_share else equally_soft(pair.real, pair.fake, pair)
            how = how_degraded(real, fake, config, rng)
            for picture, landmarks in ((real, pair.real_landmarks), (fake, pair.fake_landmarks)):
                features.append(face_features(net, config, degradation.apply(picture, how), moved(landmarks, picture.shape[0], how)))
    return np.stack(features), np.tile(np.float32([0, 1]), len(features) // 2)


def refit(net: torch.nn.Module, maker: PairMaker, config: TextureConfig) -> None:
    """Moves the weights of `net.classifier` to the least loss of training (cross entropy and rank of pairs) over whole faces, and PULL."""
    net.eval()
    features, labels = drawn(net, maker, config)
    spread = torch.from_numpy(features.std(0) + 1e-6)
    shown, targets = torch.from_numpy(features) / spread, torch.from_numpy(labels)
    smoothing = config.train.label_smoothing
    start = net.classifier.weight.detach()[0].float() * spread
    weights, offset = start.clone().requires_grad_(), net.classifier.bias.detach().float().clone().requires_grad_()
    optimiser = torch.optim.LBFGS([weights, offset], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logit = shown @ weights + offset
        value = F.binary_cross_entropy_with_logits(logit, targets * (1 - 2 * smoothing) + smoothing) + PULL * ((weights - start) ** 2).sum()
        value = value + config.train.rank_weight * F.softplus(logit[0::2] - logit[1::2]).mean()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        net.classifier.weight.copy_((weights / spread)[None])
        net.classifier.bias.copy_(offset)
