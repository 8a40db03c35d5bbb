"""The metrics of every table, in one place. Labels: 1 manipulated, 0 real. Scores: higher means manipulated."""

from __future__ import annotations

from typing import Callable

import numpy as np

Metric = Callable[[np.ndarray, np.ndarray], float]


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve; ties count half. NaN when a class is missing."""
    labels = np.asarray(labels, bool)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[inverse][labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def roc(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """False- and true-positive rates at each distinct threshold, and the thresholds, from strict (none above) to loose."""
    labels = np.asarray(labels, bool)
    scores = np.asarray(scores, np.float64)
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    hits = np.cumsum(labels[order])[last]
    alarms = np.cumsum(~labels[order])[last]
    false_rate = np.append(0, alarms / max(alarms[-1], 1))
    true_rate = np.append(0, hits / max(hits[-1], 1))
    return false_rate, true_rate, np.append(np.inf, ordered[last])


def tpr_at_fpr(labels: np.ndarray, scores: np.ndarray, limit: float) -> float:
    """Highest true-positive rate with a false-positive rate of at most `limit`."""
    false_rate, true_rate, _ = roc(labels, scores)
    return float(true_rate[false_rate <= limit + 1e-12].max())


def eer(labels: np.ndarray, scores: np.ndarray) -> float:
    """Equal error rate: where false positives and misses meet, linearly between thresholds."""
    false_rate, true_rate, _ = roc(labels, scores)
    gap = false_rate - (1 - true_rate)
    after = int(np.argmax(gap >= 0))
    if after == 0 or gap[after] == gap[after - 1]:
        return float(false_rate[after])
    share = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(false_rate[after - 1] + share * (false_rate[after] - false_rate[after - 1]))


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the precision-recall steps."""
    labels = np.asarray(labels, bool)
    false_rate, true_rate, _ = roc(labels, scores)
    hits, alarms = true_rate * labels.sum(), false_rate * (~labels).sum()
    precision = hits[1:] / np.maximum(hits[1:] + alarms[1:], 1e-12)
    return float((np.diff(true_rate) * precision).sum())


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared error of probabilities."""
    return float(np.mean((np.asarray(probabilities, np.float64) - np.asarray(labels, np.float64)) ** 2))


def ece(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width."""
    labels = np.asarray(labels, np.float64)
    probabilities = np.asarray(probabilities, np.float64)
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            total += abs(labels[inside].mean() - probabilities[inside].mean()) * inside.mean()
    return float(total)


def bootstrap(
    metric: Metric, labels: np.ndarray, scores: np.ndarray, groups: np.ndarray, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of a metric, resampling whole groups (people), since crops of one clip say the same."""
    labels, scores = np.asarray(labels), np.asarray(scores)
    _, codes = np.unique(groups, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        drawn = np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])
        value = metric(labels[drawn], scores[drawn])
        if np.isfinite(value):
            values.append(value)
    if not values:
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def fit_logistic(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None, ridge: float = 1e-3, rounds: int = 100
) -> np.ndarray:
    """Weighted logistic regression by Newton's method: coefficients [features + 1], the intercept last. Platt's targets are used."""
    features = np.asarray(features, np.float64).reshape(len(labels), -1)
    labels = np.asarray(labels, bool)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
    positives, negatives = labels.sum(), (~labels).sum()
    # Platt (1999): targets a little inside 0 and 1 keep the slope finite on separable data.
    targets = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    design = np.hstack([features, np.ones((len(labels), 1))])
    penalty = np.full(design.shape[1], ridge)
    penalty[-1] = 0
    beta = np.zeros(design.shape[1])
    loss = _logistic_loss(design, targets, weights, penalty, beta)
    for _ in range(rounds):
        p = sigmoid(design @ beta)
        gradient = design.T @ (weights * (p - targets)) + penalty * beta
        curvature = (design * (weights * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        scale = 1.0
        while scale > 1e-6 and _logistic_loss(design, targets, weights, penalty, beta - scale * step) > loss:
            scale /= 2
        beta = beta - scale * step
        loss = _logistic_loss(design, targets, weights, penalty, beta)
        if np.abs(scale * step).max() < 1e-9:
            break
    return beta


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Numerically safe logistic function."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(x, np.float64)))


def _logistic_loss(design: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalty: np.ndarray, beta: np.ndarray) -> float:
    z = design @ beta
    return float((weights * (np.logaddexp(0, z) - targets * z)).sum() + 0.5 * (penalty * beta**2).sum())
