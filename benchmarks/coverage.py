"""How often intervals hold the truth, and how often tests err: xstilts_lib.analysis on simulated worlds.

    python benchmarks/coverage.py --quick      about a minute on one core
    python benchmarks/coverage.py              some minutes

A world has known effects; an interval of 95 % should hold them in 93 to 97 % of worlds, and a test should
err in at most 5 % of those without an effect, a corrected table in at most 5 % of tables. Rows marked
`beside` are what is not recommended, or is asked what it cannot answer, for comparison. Each figure comes
with its Monte-Carlo error, one standard error of a share. At the end stand the least and the most coverage of
all intervals that are recommended; the last line is `ratio: X`, the least of them over the 95 % promised.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from xstilts_lib.analysis import crossed, mixed
from xstilts_lib.analysis import statistics as s

Kind = Literal["interval", "test", "beside"]
# (rng, worlds) to one truth value a world, or a row of them: the interval holds the truth, or the test errs.
Simulate = Callable[[np.random.Generator, int], np.ndarray]
# Deviations of seeds, of languages, and of what is left, in points.
SPREADS = {"all vary alike": (1, 1, 1), "seeds vary": (1, 0.3, 0.5), "languages vary": (0.3, 1, 1)}


@dataclass(frozen=True)
class Setting:
    """A method in a kind of world."""

    method: str
    world: str
    kind: Kind
    simulate: Simulate
    worlds: int
    """How many are simulated by the full program."""
    quick: int
    """How many with --quick."""


def settings() -> list[Setting]:
    """Everything that is measured: fast methods in many worlds, slow ones in as many as time allows."""
    many, some, few = (10_000, 2000), (2000, 400), (400, 20)
    rows: list[tuple[str, str, Kind, Simulate, tuple[int, int]]] = [
        ("student_interval", f"{n} seeds", "interval", student(n), many) for n in (3, 5, 10)
    ]
    for seeds, languages in ((5, 8), (5, 12), (10, 12)):
        for name, spread in SPREADS.items():
            world = f"{seeds} seeds, {languages} languages, {name}"
            values = gains_of(seeds, languages, spread)
            rows.append(("crossed_interval", world, "interval", over_all(values), some))
    for name, spread in SPREADS.items():
        values = with_examples(5, 8, 100, spread)
        world = f"5 seeds, 8 languages, 100 examples, {name}"
        rows.append(("crossed_interval", world, "interval", over_all(values, 3), some))
    for n in (100, 250, 1000):
        world = f"{n} sentences in 4 languages, right or wrong"
        rows.append(("paired_p", world, "test", examples(n), some))
    rows += [
        ("spearman_interval", "12 languages, correlation 0.7", "interval", spearman, some),
        ("mixed.fit", "5 seeds, 2 sizes, 8 languages, 2 tasks", "interval", mixture, few),
        ("slopes", "5 seeds, 3 sizes, a bent curve", "interval", slope, some),
        ("student_p", "8 seeds", "test", below(s.student_p), many),
        ("sign_flip_p", "8 seeds", "test", below(s.sign_flip_p), some),
        ("p_holm", "81 x 40 cells, 5 seeds", "test", corrected(False), some),
        ("p_holm", "81 x 40 cells that share a baseline", "test", corrected(True), some),
        ("alike_p", "5 seeds, 6 recipes", "test", alike, some),
        ("p without correction", "81 x 40 cells, 5 seeds", "beside", corrected(False, "p"), some),
        ("student_interval", "5 seeds, skewed (exponential) gains", "beside", student(5, skewed=True), many),
        ("student_interval, for languages", "5 seeds, 8 languages, all vary alike", "beside", too_bold, many),
    ]  # fmt: skip
    return [Setting(*row[:4], *row[4]) for row in rows]


def student(seeds: int, skewed: bool = False) -> Simulate:
    def simulate(rng: np.random.Generator, worlds: int) -> np.ndarray:
        values = rng.exponential(size=(worlds, seeds)) - 1 if skewed else rng.normal(size=(worlds, seeds))
        return inside(s.student_interval(values))

    return simulate


def below(test: Callable[[np.ndarray], np.ndarray]) -> Simulate:
    return lambda rng, worlds: test(rng.normal(size=(worlds, 8))) < 0.05


def gains_of(seeds: int, languages: int, spread: tuple[float, ...]) -> Simulate:
    """Gains around zero (worlds, seeds, languages)."""

    def values(rng: np.random.Generator, worlds: int) -> np.ndarray:
        shapes = ((worlds, seeds, 1), (worlds, 1, languages), (worlds, seeds, languages))
        return sum(by * rng.normal(size=shape) for by, shape in zip(spread, shapes, strict=True))

    return values


def with_examples(seeds: int, languages: int, count: int, spread: tuple[float, ...]) -> Simulate:
    """The same with examples, which differ in themselves, by language, and each time by as much as chance."""
    whole = gains_of(seeds, languages, spread)

    def values(rng: np.random.Generator, worlds: int) -> np.ndarray:
        own, by_language = (
            rng.normal(size=(worlds, 1, 1, count)),
            rng.normal(size=(worlds, 1, languages, count)),
        )
        noise = 3 * rng.normal(size=(worlds, seeds, languages, count))
        return whole(rng, worlds)[..., None] + 2 * own + by_language + noise

    return values


def over_all(values: Simulate, axes: int = 2) -> Simulate:
    """The interval over seeds, languages and, of three axes, examples at once; some worlds at a time."""

    def simulate(rng: np.random.Generator, worlds: int) -> np.ndarray:
        tables = (values(rng, min(50, worlds - first)) for first in range(0, worlds, 50))
        return np.concatenate([inside(crossed.crossed_interval(table, axes=axes)) for table in tables])

    return simulate


def examples(count: int) -> Simulate:
    """Two systems as good as each other on sentences that are as easy or as hard in every language."""

    def simulate(rng: np.random.Generator, worlds: int) -> np.ndarray:
        found = []
        for first in range(0, worlds, 50):
            size = min(50, worlds - first)
            easy, own = rng.normal(size=(size, 1, 1, count)), rng.normal(size=(2, size, 1, 1, count))
            by_language, noise = (rng.normal(size=(2, size, n, 4, count)) for n in (1, 3))
            scores = easy + 0.5 + 0.5 * own + 0.7 * by_language + 0.7 * noise
            ours, theirs = (scores > 0).astype(float)
            found.append(s.paired_p(ours, theirs, draws=1000, seed=first) < 0.05)
        return np.concatenate(found)

    return simulate


def spearman(rng: np.random.Generator, worlds: int) -> np.ndarray:
    truth = 6 / math.pi * math.asin(0.7 / 2)  # of two normals whose correlation is 0.7
    pairs = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=(worlds, 12))
    return np.array([inside(s.spearman_interval(*world.T), truth) for world in pairs])


def mixture(rng: np.random.Generator, worlds: int) -> np.ndarray:
    """Whether the intervals of distance, of size and of a task hold the truth, a row a world."""
    truths = {"distance": 3.0, "log10_size": 1.5, "task: t1, not t0": 1.0}
    found = []
    for _ in range(worlds):
        table = mixed.fit(gains(rng)).table.set_index("term")
        bounds = [table.loc[term, ["low", "high"]] for term in truths]
        found.append(
            [low <= truth <= high for (low, high), truth in zip(bounds, truths.values(), strict=True)]
        )
    return np.array(found)


def gains(
    rng: np.random.Generator, seeds: int = 5, sizes: int = 2, languages: int = 8, tasks: int = 2
) -> pd.DataFrame:
    shape = (seeds, sizes, languages, tasks)
    s_, z, k, t = (index.ravel() for index in np.indices(shape))
    distance = k / (languages - 1)
    noise = [
        rng.normal(size=[n if on else 1 for n, on in zip(shape, axes, strict=True)])
        for axes in ((1, 1, 0, 0), (1, 1, 0, 1), (0, 0, 1, 0), (1, 1, 1, 1))
    ]
    return pd.DataFrame({
        "gain": 2 + 3 * distance + 1.5 * z + (t == 1) + np.broadcast_to(sum(noise), shape).ravel(),
        "distance": distance, "resources": (k * 3 % languages) / languages, "log10_size": 6.0 + z,
        "seed": s_, "language": k.astype(str), "task": np.char.add("t", t.astype(str)),
    })  # fmt: skip


def slope(rng: np.random.Generator, worlds: int) -> np.ndarray:
    sizes = np.array([1e6, 4e6, 1.6e7])
    curve = 70 - 10 * (sizes / 4e6) ** -0.5
    truth = np.polyfit(np.log10(sizes), curve, 1)[0]
    values = curve + rng.normal(size=(worlds, 5, 3)) + rng.normal(size=(worlds, 5, 1))
    slopes = s.slopes(pd.DataFrame(values.reshape(-1, 3)), np.log10(sizes)).to_numpy()
    return inside(s.student_interval(slopes.reshape(worlds, 5)), truth)


def corrected(shared: bool, column: str = "p_holm") -> Simulate:
    """Whether a table without any effect shows one; cells may share the noise of their baseline."""

    def simulate(rng: np.random.Generator, worlds: int) -> np.ndarray:
        found = []
        for _ in range(worlds):
            values = rng.normal(size=(81, 40, 5)) + shared * rng.normal(size=(1, 40, 5))
            p = s.student_p(values)
            found.append((s.holm(p) if column == "p_holm" else p).min() < 0.05)
        return np.array(found)

    return simulate


def alike(rng: np.random.Generator, worlds: int) -> np.ndarray:
    return np.array([s.alike_p(world) < 0.05 for world in rng.normal(size=(worlds, 5, 6))])


def too_bold(rng: np.random.Generator, worlds: int) -> np.ndarray:
    """Student's interval over seeds, read as if it were about other languages too."""
    return inside(s.student_interval(gains_of(5, 8, (1, 1, 1))(rng, worlds).mean(-1)))


def inside(interval: s.Interval, truth: float = 0.0) -> np.ndarray:
    return (np.asarray(interval.low) <= truth) & (np.asarray(interval.high) >= truth)


def measure(setting: Setting, worlds: int, seed: int = 0) -> tuple[float, float]:
    """The share of worlds, and its Monte-Carlo error; of several intervals a world, the mean share."""
    found = setting.simulate(np.random.default_rng(seed), worlds).astype(float)
    by_world = found.reshape(len(found), -1).mean(1)
    return float(by_world.mean()), float(by_world.std() / math.sqrt(len(by_world)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the worlds")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    shares = []
    print(f"{'':9}{'method':33}{'world':52}{'share':>7} {'error':>7} {'seconds':>8}")
    for setting in settings():
        begun = time.perf_counter()
        share, error = measure(setting, setting.quick if args.quick else setting.worlds, args.seed)
        seconds = time.perf_counter() - begun
        row = f"{setting.kind:9}{setting.method:33}{setting.world:52}{share:7.3f} {error:7.4f} {seconds:8.1f}"
        print(row, flush=True)
        if setting.kind == "interval":
            shares.append(share)
    print(f"coverage: {min(shares):.3f} to {max(shares):.3f}")
    print(f"ratio: {min(shares) / s.LEVEL:.3f}")


if __name__ == "__main__":
    main()
