"""Fits `models/fusion.json` on what the product itself said: `python3 -m detector.fusion fusion.toml --evaluation evaluation.csv … --version 4.0.0 --write`.

`./run evaluate` writes the CSV: one row a medium, with the pooled score of every member; folders below `real/` and `fake/` are kinds of media. The
file of the fit says which members are one family, which kinds count, and which member stands in where another one was trained on
the kind. Fitted at once, by the log loss: for every family z_f = b_f + Σ w · L with w ≥ 0, joined as the ResultService joins them,
z = ln(Σ exp(s · z_f)) / s. What is printed of ranks, rates and calibration is cross-fitted over people; what ships is fitted on all of them.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Iterator

import numpy as np
import torch

from . import metrics
from .data import fold_of
from .export import MODELS

CLAMP = 8.0
"""Log-odds of a member are held inside ± this (`pooling.logit_clamp`)."""

RIDGE = 0.02
"""Keeps weights of members that say nothing near zero."""

PROFILES = {"balanced": (0.05, 0.01), "strict": (0.02, 0.003), "sensitive": (0.10, 0.05)}
"""Shares of authentic media at or above `suspicious` and `manipulated`."""

ENOUGH_MEDIA, MANY_MEDIA, TAIL = 50, 400, 0.15
"""Authentic media of a kind from which on it has a say of its own in `manipulated`; below the second number its tail is read off an
exponential fitted to the share that is the third."""

AUTHENTIC_MISSES = 0.1
"""Share of the fakes that may lie below `authentic`."""

KIND_CAP = 200
"""Media from which on a kind of authentic media weighs no more."""


@dataclass(frozen=True)
class FusionConfig:
    """What is fitted on what. `families`: members by family. `real`, `fake`: kinds that the fit sees, with their weights. `stand_in`: a member, the
    member that speaks in its place, and the kinds (of both classes) where the first one was trained on more than the second."""

    families: dict[str, list[str]]
    real: dict[str, float]
    fake: dict[str, float]
    stand_in: dict[str, dict] = field(default_factory=dict)

    @property
    def members(self) -> list[str]:
        return [member for members in self.families.values() for member in members]

    @staticmethod
    def read(path: Path) -> "FusionConfig":
        """Raises ValueError for an unknown field or a member of two families."""
        try:
            config = FusionConfig(**tomllib.loads(path.read_text()))
        except TypeError as error:
            raise ValueError(f"{path}: {error}") from error
        if len(set(config.members)) != len(config.members):
            raise ValueError(f"{path}: a member belongs to two families.")
        return config


@dataclass(frozen=True)
class Scored:
    """Media as the product scored them: log-odds [N, M] of the members, whether fake, kind, and people."""

    logits: np.ndarray
    fake: np.ndarray
    kind: np.ndarray
    people: np.ndarray

    def where(self, rows: np.ndarray) -> "Scored":
        return Scored(self.logits[rows], self.fake[rows], self.kind[rows], self.people[rows])


def read(paths: list[Path], config: FusionConfig) -> tuple[Scored, int]:
    """Media that every member scored, and how many were left out because one did not."""
    logits, fakes, kinds, people, missed = [], [], [], [], 0
    for row, said in scored_rows(paths, config):
        if said is None:
            missed += 1
            continue
        label, kind, name = row["path"].split("/", 2)
        logits.append(said)
        fakes.append(label == "fake")
        kinds.append(kind)
        people.append(name.split("@", 1)[0])
    return Scored(np.array(logits), np.array(fakes, bool), np.array(kinds), np.array(people)), missed


def scored_rows(paths: list[Path], config: FusionConfig) -> Iterator[tuple[dict[str, str], np.ndarray | None]]:
    """Rows of evaluations, each with the log-odds of the members [M], or None where a member gave no score."""
    for path in paths:
        with path.open(newline="") as stream:
            for row in csv.DictReader(stream):
                speaks = [_speaker(member, row["path"].split("/")[1], config) for member in config.members]
                if any(not row.get(member) for member in speaks):
                    yield row, None
                    continue
                p = np.clip([float(row[member]) for member in speaks], 1e-6, 1 - 1e-6)
                yield row, np.clip(np.log(p / (1 - p)), -CLAMP, CLAMP)


def _speaker(member: str, kind: str, config: FusionConfig) -> str:
    stand_in = config.stand_in.get(member)
    return stand_in["model"] if stand_in and kind in stand_in["kinds"] else member


@dataclass(frozen=True)
class Fit:
    """Offset of each family, weight of each member, and how sharply the greatest family stands out (`pooling.family_sharpness`)."""

    config: FusionConfig
    intercepts: np.ndarray
    weights: np.ndarray
    sharpness: float = 1.0

    def families(self, logits: np.ndarray) -> np.ndarray:
        """[N, F]: log-odds of each family."""
        columns, at = [], 0
        for b, members in zip(self.intercepts, self.config.families.values()):
            columns.append(b + logits[:, at : at + len(members)] @ self.weights[at : at + len(members)])
            at += len(members)
        return np.stack(columns, 1)

    def logits(self, logits: np.ndarray) -> np.ndarray:
        """[N]: what the service makes of one face."""
        return np.logaddexp.reduce(self.sharpness * self.families(logits), 1) / self.sharpness


def row_weights(media: Scored, config: FusionConfig) -> np.ndarray:
    """Both classes sum to one; a kind of a class counts by its weight in the file, however many media it has; others not at all."""
    weights = np.zeros(len(media.fake))
    for fake, kinds in ((False, config.real), (True, config.fake)):
        for kind, weight in kinds.items():
            rows = (media.fake == fake) & (media.kind == kind)
            if rows.any():
                weights[rows] = weight / rows.sum()
        inside = media.fake == fake
        weights[inside] /= weights[inside].sum()
    return weights


def fit(media: Scored, config: FusionConfig) -> Fit:
    """Least log loss of z = ln(Σ exp(s · z_f)) / s with weights ≥ 0. At s = 1 odds are added, above it the greatest family decides, below it what
    all say counts: families that see the same things must not be counted twice."""
    logits, labels = torch.tensor(media.logits), torch.tensor(media.fake, dtype=torch.float64)
    weights = torch.tensor(row_weights(media, config))
    sizes = [len(members) for members in config.families.values()]
    raw = torch.full((sum(sizes),), -1.0, dtype=torch.float64, requires_grad=True)
    offsets = torch.full((len(sizes),), -1.5, dtype=torch.float64, requires_grad=True)
    sharp = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([raw, offsets, sharp], max_iter=500, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        slopes = torch.nn.functional.softplus(raw)
        said = torch.stack([part @ slope for part, slope in zip(logits.split(sizes, 1), slopes.split(sizes))], 1) + offsets
        joined = torch.logsumexp(sharp.exp() * said, 1) / sharp.exp()
        # Families that nobody needs would drift to minus infinity, and a single one has no use for sharpness.
        value = (weights * torch.nn.functional.softplus(joined * (1 - 2 * labels))).sum() + RIDGE * (slopes**2).sum() + 1e-3 * (offsets**2).sum() + RIDGE * (sharp**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return Fit(config, offsets.detach().numpy(), torch.nn.functional.softplus(raw).detach().numpy(), float(sharp.exp().detach()))


def cross_fitted(media: Scored, config: FusionConfig) -> tuple[np.ndarray, np.ndarray]:
    """Fused log-odds [N] and those of the families [N, F], each by a fit to the other half of the people."""
    fold = np.array([fold_of(people) for people in media.people])
    fused, families = np.zeros(len(fold)), np.zeros((len(fold), len(config.families)))
    for half in (0, 1):
        fitted = fit(media.where(fold != half), config)
        fused[fold == half] = fitted.logits(media.logits[fold == half])
        families[fold == half] = fitted.families(media.logits[fold == half])
    return fused, families


def kinds_left_out(media: Scored, config: FusionConfig) -> tuple[float, float]:
    """AUC and log loss, in the mean over the kinds of fakes of the fit, where the fit saw neither the kind nor the people: by this the shape of the
    fusion is chosen. The loss is that of the kind and of the authentic media in equal parts."""
    areas, losses = [], []
    fold = np.array([fold_of(people) for people in media.people])
    for left in (kind for kind in config.fake if (media.fake & (media.kind == kind)).any()):
        without = replace(config, fake={kind: weight for kind, weight in config.fake.items() if kind != left})
        z = np.zeros(len(fold))
        for half in (0, 1):
            z[fold == half] = fit(media.where(fold != half), without).logits(media.logits[fold == half])
        fakes = media.fake & (media.kind == left)
        rows = reals_of(media, config, left) | fakes
        reals = ~media.fake & (row_weights(media, config) > 0)
        areas.append(metrics.auc(media.fake[rows], z[rows]))
        losses.append((np.logaddexp(0, -z[fakes]).mean() + np.average(np.logaddexp(0, z[reals]), weights=row_weights(media, config)[reals])) / 2)
    return float(np.mean(areas)), float(np.mean(losses))


def thresholds(z: np.ndarray, kind: np.ndarray, suspicious: float, manipulated: float) -> tuple[float, float]:
    """Probabilities that at most these shares of authentic media reach, `manipulated` of every kind with enough media alike: the strictest
    kind decides, since an average would let one pay for the others."""
    counts = {name: int((kind == name).sum()) for name in set(kind)}
    weights = np.array([min(counts[name], KIND_CAP) / counts[name] for name in kind])
    low, high = _quantile(z, weights, 1 - suspicious), _quantile(z, weights, 1 - manipulated)
    for name, count in counts.items():
        own = z[kind == name]
        if count >= MANY_MEDIA:
            high = max(high, _quantile(own, np.ones(count), 1 - manipulated))
        elif count >= ENOUGH_MEDIA:
            start = np.quantile(own, 1 - TAIL)
            high = max(high, start + (own[own > start] - start).mean() * np.log(TAIL / manipulated))
    as_probability = lambda value: round(float(np.clip(metrics.sigmoid(np.array(value)), 0.01, 0.9995)), 4)
    return as_probability(low), as_probability(max(low, high))


def authentic_below(z: np.ndarray, weights: np.ndarray, share: float = AUTHENTIC_MISSES) -> float:
    """Probability below which at most this share of the fakes lies, each kind counting by its weight."""
    order = np.argsort(z)
    below = np.cumsum(weights[order]) / weights.sum()
    return round(float(np.clip(metrics.sigmoid(z[order][int(np.argmax(below > share))]), 0.001, 0.9995)), 4)


def quantiles(z: np.ndarray, weights: np.ndarray, steps: int = 100) -> list[float]:
    """Probabilities at evenly spaced shares of the weight, ascending, the extremes included."""
    order = np.argsort(z)
    shares = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return [round(float(p), 5) for p in metrics.sigmoid(np.interp(np.linspace(0, 1, steps + 1), shares, z[order]))]


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    above = 1 - np.cumsum(weights[order]) / weights.sum()
    return float(values[order][int(np.argmax(above <= 1 - share + 1e-12))]) + 1e-4


def former(path: Path, logits: np.ndarray, config: FusionConfig) -> tuple[np.ndarray, float]:
    """Log-odds [N] that another `fusion.json` makes of what the same members said, and the probability from which on it stops to say `authentic`. Fits of
    a time before families are sums, with floors below which a model was silent. Members that it does not know are left out."""
    given = json.loads(path.read_text())
    of_member = {member: name for name, family in given.get("families", {}).items() for member in family["models"]}
    sums = {name: family["intercept"] for name, family in given.get("families", {}).items()}
    for at, member in enumerate(config.members):
        if member in given["models"]:
            name, floor = of_member.get(member, ""), given.get("floors", {}).get(member)
            said = logits[:, at] if floor is None else np.maximum(logits[:, at] - floor, 0)
            sums[name] = sums.get(name, given.get("intercept", 0.0)) + given["models"][member] * said
    limits = given["thresholds"]
    sharpness = given.get("pooling", {}).get("family_sharpness", 1.0)
    return np.logaddexp.reduce([sharpness * value for value in sums.values()], 0) / sharpness, limits.get("authentic", limits["suspicious"])


def against(media: Scored, config: FusionConfig, fused: np.ndarray, authentic: float, path: Path) -> str:
    """Markdown: what this fit changes against another one, on the same media."""
    z, limit = former(path, media.logits, config)
    lines = [f"| fakes | AUC {json.loads(path.read_text())['version']} → now | `authentic` |", "|---|---|---|"]
    for kind in sorted(set(media.kind[media.fake])):
        fakes = media.fake & (media.kind == kind)
        rows = reals_of(media, config, kind) | fakes
        areas = (metrics.auc(media.fake[rows], values[rows]) for values in (z, fused))
        shares = (100 * (metrics.sigmoid(values[fakes]) < below).mean() for values, below in ((z, limit), (fused, authentic)))
        lines.append(f"| {kind} | {' → '.join(f'{area:.3f}' for area in areas)} | {' → '.join(f'{share:.0f} %' for share in shares)} |")
    return "\n".join(lines) + "\n"


def models_alone(paths: list[Path], config: FusionConfig, names: list[str]) -> str:
    """Markdown: AUC of each named model by itself, stand-ins too, whoever speaks in the fusion."""
    columns = [read(paths, FusionConfig({"": [name]}, config.real, config.fake))[0] for name in names]
    lines = [f"| fakes | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for kind in sorted(set(columns[0].kind[columns[0].fake])):
        areas = []
        for media in columns:
            rows = reals_of(media, config, kind) | (media.fake & (media.kind == kind))
            areas.append(metrics.auc(media.fake[rows], media.logits[rows, 0]))
        lines.append(f"| {kind} | {' | '.join(f'{area:.3f}' for area in areas)} |")
    return "\n".join(lines) + "\n"


def reals_of(media: Scored, config: FusionConfig, kind: str) -> np.ndarray:
    """Which media a kind of fakes is told apart from: its own reals, those of the made pairs, or all that the fit sees where it has none."""
    own = kind if (~media.fake & (media.kind == kind)).any() else "made" if kind.startswith("made_") else kind.rsplit("_", 1)[0]
    reals = ~media.fake & (media.kind == own)
    return reals if reals.any() else ~media.fake & np.isin(media.kind, list(config.real))


def table(media: Scored, config: FusionConfig, fused: np.ndarray, families: np.ndarray, limits: tuple[float, float, float], rounds: int = 500) -> str:
    """Markdown: each kind of fakes against its own reals, or against all of them where it has none."""
    names = [name or "others" for name in config.families]
    p = metrics.sigmoid(fused)
    lines = [f"| kind | real / fake | fusion | {' | '.join(names)} | fusion − best member | `authentic` | `manipulated` |", "|" + "---|" * (6 + len(names))]
    for kind in sorted(set(media.kind[media.fake])):
        reals = reals_of(media, config, kind)
        rows = reals | (media.fake & (media.kind == kind))
        labels = media.fake[rows]
        area = metrics.auc(labels, fused[rows])
        low, high = metrics.bootstrap(metrics.auc, labels, fused[rows], media.people[rows], rounds)
        members = [metrics.auc(labels, media.logits[rows, m]) for m in range(len(config.members))]
        of_families = [metrics.auc(labels, families[rows, f]) for f in range(len(names))]
        fakes = media.fake & (media.kind == kind)
        lines.append(
            f"| {kind} | {int(reals.sum())} / {int(fakes.sum())} | {area:.3f} [{low:.3f}, {high:.3f}] | {' | '.join(f'{v:.3f}' for v in of_families)} | "
            f"{area - max(members):+.3f} | {100 * (p[fakes] < limits[0]).mean():.0f} % | {100 * (p[fakes] >= limits[2]).mean():.0f} % |"
        )
    for kind in sorted(set(media.kind[~media.fake])):
        rows = ~media.fake & (media.kind == kind)
        lines.append(f"| {kind}, real | {int(rows.sum())} / 0 | | {' | '.join('' for _ in names)} | | {100 * (p[rows] < limits[0]).mean():.0f} % | {100 * (p[rows] >= limits[2]).mean():.1f} % |")
    return "\n".join(lines) + "\n"


def groups(media: Scored, fused: np.ndarray, limits: tuple[float, float, float], pattern: str) -> str:
    """Markdown: authentic media by the first group of a pattern on the name of their people; those that it does not match are left out."""
    found = [re.search(pattern, people) for people in media.people]
    names = np.array([match[1] if match and not fake else "" for match, fake in zip(found, media.fake)])
    p = metrics.sigmoid(fused)
    lines = ["| people | authentic media | median score | called `authentic` | called `manipulated` |", "|---|---|---|---|---|"]
    for name in sorted(set(names) - {""}):
        said = p[names == name]
        lines.append(f"| {name} | {len(said)} | {100 * np.median(said):.0f} | {100 * (said < limits[0]).mean():.0f} % | {100 * (said >= limits[2]).mean():.1f} % |")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Fitted:
    """A fit of some members with all that the service wants of it. `fused` [N] and `families` [N, F]: cross-fitted log-odds of the media. `limits`:
    probabilities from which on a medium is no longer authentic, is suspicious, is manipulated."""

    media: Scored
    config: FusionConfig
    fused: np.ndarray
    families: np.ndarray
    profiles: dict[str, tuple[float, float, float]]

    @staticmethod
    def of(media: Scored, config: FusionConfig) -> "Fitted":
        fused, families = cross_fitted(media, config)
        reals, seen = ~media.fake & np.isin(media.kind, list(config.real)), row_weights(media, config)
        fakes = media.fake & (seen > 0)
        authentic = authentic_below(fused[fakes], seen[fakes])
        pairs = {name: thresholds(fused[reals], media.kind[reals], *rates) for name, rates in PROFILES.items()}
        return Fitted(media, config, fused, families, {name: (min(authentic, low), low, high) for name, (low, high) in pairs.items()})

    @property
    def limits(self) -> tuple[float, float, float]:
        return self.profiles["balanced"]

    def described(self) -> dict:
        """As `fusion.json` has it; weights and intercepts are fitted to all media."""
        shipped, seen = fit(self.media, self.config), row_weights(self.media, self.config)
        weights = dict(zip(self.config.members, shipped.weights))
        of_profile = lambda name: dict(zip(("authentic", "suspicious", "manipulated"), self.profiles[name]))
        return {
            "models": {member: round(float(weight), 5) for member, weight in weights.items()},
            "families": {name: {"intercept": round(float(b), 5), "models": members} for (name, members), b in zip(self.config.families.items(), shipped.intercepts)},
            "family_sharpness": round(shipped.sharpness, 4),
            "thresholds": of_profile("balanced"),
            "false_positive_rate": PROFILES["balanced"][1],
            "quantiles": {name: quantiles(self.fused[rows], seen[rows]) for name, rows in (("real", ~self.media.fake & (seen > 0)), ("fake", self.media.fake & (seen > 0)))},
            "profiles": {name: of_profile(name) | {"false_positive_rate": rates[1]} for name, rates in PROFILES.items() if name != "balanced"},
        }


def subsets(members: list[str]) -> Iterator[list[str]]:
    """Every set of members that lacks at least one of them and is not empty."""
    for count in range(len(members) - 1, 0, -1):
        yield from (list(kept) for kept in itertools.combinations(members, count))


def without(media: Scored, config: FusionConfig, kept: list[str]) -> tuple[Scored, FusionConfig]:
    """What these members said, and the families that are left of the others."""
    families = {name: [member for member in members if member in kept] for name, members in config.families.items()}
    left = replace(config, families={name: members for name, members in families.items() if members})
    return replace(media, logits=media.logits[:, [config.members.index(member) for member in left.members]]), left


def _compact(text: str) -> str:
    """Lists of numbers on one line each."""
    return re.sub(r"\[\s+([-\d.,\se]+?)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--evaluation", type=Path, nargs="+", required=True)
    parser.add_argument("--version", default="0.0.0")
    parser.add_argument("--against", type=Path, help="another fusion.json: what the new fit changes")
    parser.add_argument("--one-family", action="store_true", help="all members summed, to see what families bring")
    parser.add_argument("--leave-kinds-out", action="store_true", help="only prints AUC and loss on kinds of fakes that the fit was not shown, each in turn")
    parser.add_argument("--groups", help="a pattern on names of people, such as '^canada_\\d+([fm])': verdicts on authentic media by its first group")
    parser.add_argument("--models", nargs="+", help="only prints the AUC of these models by themselves")
    parser.add_argument("--profile", default="", help="a folder inside models/ whose fusion.json is meant, such as fast")
    parser.add_argument("--write", action="store_true", help="writes fusion.json, not only the table")
    arguments = parser.parse_args()
    config = FusionConfig.read(arguments.config)
    if arguments.models:
        print(models_alone(arguments.evaluation, config, arguments.models))
        return
    if arguments.one_family:
        config = replace(config, families={"": config.members})
    media, missed = read(arguments.evaluation, config)
    print(f"{len(media.fake)} media, {missed} left out because a member gave no score\n")
    if arguments.leave_kinds_out:
        print("kinds of fakes left out in turn: mean AUC {:.3f}, log loss {:.3f}".format(*kinds_left_out(media, config)))
        return
    made = Fitted.of(media, config)
    print(table(media, config, made.fused, made.families, made.limits))
    kinds = sorted(set(media.kind[media.fake]))
    rows = [reals_of(media, config, kind) | (media.fake & (media.kind == kind)) for kind in kinds]
    print(f"mean AUC over {len(kinds)} kinds of fakes {np.mean([metrics.auc(media.fake[r], made.fused[r]) for r in rows]):.3f}\n")
    if arguments.groups:
        print(groups(media, made.fused, made.limits, arguments.groups))
    if arguments.against:
        print(against(media, config, made.fused, made.limits[0], arguments.against))
    seen = row_weights(media, config) > 0
    print(f"calibration error on the kinds of the fit {metrics.ece(media.fake[seen], metrics.sigmoid(made.fused[seen])):.3f}")
    path = MODELS / arguments.profile / "fusion.json"
    # What is not fitted stays as it is; a new profile takes it from the whole ensemble.
    before = json.loads((path if path.exists() else MODELS / "fusion.json").read_text())
    whole = made.described()
    fitted = {
        "version": arguments.version,
        "models": whole.pop("models"),
        "families": whole.pop("families"),
        "signals": before["signals"],
        "pooling": before["pooling"] | {"family_sharpness": whole.pop("family_sharpness")},
        **whole,
        "quality_gates": before["quality_gates"],
        "disagreement": before["disagreement"],
        "reduced": [Fitted.of(*without(media, config, kept)).described() for kept in subsets(config.members)],
    }
    print(json.dumps({name: value for name, value in fitted.items() if name not in ("quantiles", "reduced")}, indent=2))
    if arguments.write:
        path.write_text(_compact(json.dumps(fitted, indent=2)) + "\n")


if __name__ == "__main__":
    main()
