"""Nets over face tracks: frames [N, T, 3, S, S] to (logit [N, 1], None)."""

from __future__ import annotations

import torch
from torch import nn

from . import published


class TrackNet(nn.Module):
    """Embeds each frame, runs a bidirectional LSTM over them, averages its states over time."""

    def __init__(self, encoder: nn.Module, channels: int, hidden: int, dropout: float, mean: tuple, std: tuple) -> None:
        super().__init__()
        self.mean, self.std = mean, std
        self.encoder = encoder
        self.lstm = nn.LSTM(channels, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(2 * hidden, 1)

    def use_tensorflow_conventions(self) -> None:
        """See MobileNetV2; for an encoder that starts from those weights."""
        from .nets import use_tensorflow_conventions

        use_tensorflow_conventions(self.encoder)

    def forward(self, frames: torch.Tensor) -> published.Answer:
        """Frames [N, T, 3, S, S]."""
        maps = self.encoder(frames.flatten(0, 1))
        return self.over(maps.mean((2, 3)).reshape(frames.shape[0], frames.shape[1], maps.shape[1])), None

    def over(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Logit [N, 1] of embedded frames [N, T, C]: what training on stored embeddings calls."""
        # A processor has no bfloat16 LSTM.
        with torch.autocast(embeddings.device.type, enabled=False):
            states, _ = self.lstm(embeddings.float())
        return self.classifier(self.dropout(states.mean(1)))


def check_length(net: nn.Module, length: int) -> None:
    """Raises ValueError when a net over tracks is given no length, or another net one."""
    if isinstance(net, TrackNet) != bool(length):
        raise ValueError("this net sees tracks and needs a length, 2–64 crops." if not length else "this net sees single crops and takes no length.")


def resnet50_bilstm(hidden: int = 256, dropout: float = 0.3) -> TrackNet:
    """ResNet-50 and a BiLSTM."""
    net = published.resnet50()
    return TrackNet(net.trunk, 2048, hidden, dropout, net.mean, net.std)


def mobilenet_bilstm(hidden: int = 64, dropout: float = 0.3, activation: str = "relu", start: str = "scratch") -> TrackNet:
    """MobileNetV2 and a BiLSTM: light enough to run over every track."""
    from .nets import MobileNetV2

    base = MobileNetV2(start, 0.0, activation)
    return TrackNet(base.features, 1280, hidden, dropout, base.mean, base.std)
