"""Which examples an update reads: batches of one length where there are enough of it, in a seeded order.

Everything random is a function of (seed, what it is for, which epoch or update), never of what was drawn
before, so that a run can be picked up anywhere.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch

from .base import Batch, Feature, Format, Joined
from .plain import before


def collate(features: Sequence[Feature], form: Format, pad: int, joined: bool = False) -> Batch:
    """Features as tensors, padded where their lengths differ, without a mask where they do not; or `joined`,
    one after another in a single row."""
    sequences = [sequence for feature in features for sequence in feature.sequences]
    lengths = np.array([len(sequence) for sequence in sequences])
    width, mask, how = int(lengths.max()), None, None
    if joined:
        starts = before(lengths)
        ids = np.concatenate(sequences)[None]
        borders = torch.from_numpy(np.append(starts, len(ids[0])).astype(np.int32))
        places = np.arange(len(ids[0])) - np.repeat(starts, lengths)
        how = Joined(borders, torch.from_numpy(places)[None], width)
    else:
        starts = np.arange(len(sequences)) * width
        present = np.arange(width) < lengths[:, None]
        ids = np.full(present.shape, pad, dtype=np.int32)
        ids[present] = np.concatenate(sequences)
        if not present.all():
            mask = torch.from_numpy(present.astype(np.int64))
    targets = {name: torch.from_numpy(array) for name, array in form.targets(features, starts).items()}
    count = sum(form.items(feature) for feature in features)
    return Batch(torch.from_numpy(ids.astype(np.int64)), mask, lengths, features, targets, count, how)


class Stream:
    """One task's features, in batches, epoch after epoch.

    `size` counts examples or tokens (padding included), as `unit` says. Batches hold one length each; what
    is left of each length is sorted and batched with padding.
    """

    def __init__(self, features: Sequence[Feature], size: int, unit: str, seed: int, name: str) -> None:
        self.features = features
        self.size, self.unit = size, unit
        self.seed = [seed, zlib.crc32(name.encode())]
        self._lengths = np.array([feature.length for feature in features])
        self._tokens = np.array([feature.length * len(feature.sequences) for feature in features])
        even = np.array([feature.tokens for feature in features]) == self._tokens
        # Of one length, and of as many sequences (choices): those share a rectangle.
        self._buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, (length, tokens, regular) in enumerate(
            zip(self._lengths, self._tokens, even, strict=True)
        ):
            self._buckets[(int(length), int(tokens)) if regular else (0, 0)].append(index)
        self._epoch: tuple[int, list[np.ndarray]] = (-1, [])
        self.per_epoch = len(self._plan(0))

    def batch(self, number: int) -> list[Feature]:
        """The batch `number`, counted over all epochs."""
        epoch, index = divmod(number, self.per_epoch)
        return [self.features[place] for place in self._plan(epoch)[index]]

    def _plan(self, epoch: int) -> list[np.ndarray]:
        if self._epoch[0] != epoch:
            random = np.random.default_rng([*self.seed, epoch])
            batches: list[np.ndarray] = []
            rest: list[np.ndarray] = []
            for (length, tokens), members in sorted(self._buckets.items()):
                order = random.permutation(np.array(members))
                number = self.size if self.unit == "examples" else max(1, self.size // max(tokens, 1))
                full = len(order) - len(order) % number if length else 0
                batches += np.split(order[:full], range(number, full, number)) if full else []
                rest.append(order[full:])
            batches += self._padded(np.concatenate(rest))
            self._epoch = (epoch, [batches[place] for place in random.permutation(len(batches))])
        return self._epoch[1]

    def _padded(self, rest: np.ndarray) -> list[np.ndarray]:
        """The left-overs, longest first, in batches no larger than `size` with their padding."""
        rest = rest[np.argsort(-self._lengths[rest], kind="stable")]
        sums = np.append(0, np.cumsum(self._tokens[rest] // self._lengths[rest]))

        def full(begin: int, place: int) -> bool:
            padded = (sums[place + 1] - sums[begin]) * self._lengths[rest[begin]]
            return (place + 1 - begin if self.unit == "examples" else padded) > self.size

        return _parts(rest, full)


def _parts(order: np.ndarray, full: Callable[[int, int], bool]) -> list[np.ndarray]:
    """`order` in consecutive batches: one that begins at `begin` ends before the first `place` at which
    `full(begin, place)` says that it has no room for that too."""
    begins = [0] if len(order) else []
    for place in range(1, len(order)):
        if full(begins[-1], place):
            begins.append(place)
    return np.split(order, begins[1:]) if begins else []


class Mixture:
    """Several streams; each update draws one, of probabilities that stay."""

    def __init__(
        self,
        streams: Sequence[Stream],
        weights: Sequence[float],
        seed: int,
    ) -> None:
        self.streams = streams
        self.weights = np.array(weights, dtype=np.float64) / np.sum(weights)
        self.seed = seed
        self.drawn = [0] * len(streams)
        """Batches taken of each stream: all that a resumed run has to know."""

    def draw(self, step: int) -> tuple[int, list[Feature]]:
        """Which stream the update `step` trains, and its next batch."""
        which = 0
        if len(self.streams) > 1:
            random = np.random.default_rng([self.seed, 1, step])
            which = int(random.choice(len(self.streams), p=self.weights))
        features = self.streams[which].batch(self.drawn[which])
        self.drawn[which] += 1
        return which, features


def by_length(features: Sequence[Feature], tokens: int) -> list[np.ndarray]:
    """Batches for evaluation: indices into `features`, longest first, at most `tokens` tokens with padding.

    A batch keeps to one length once it is a quarter full; a mask then costs more than a smaller batch.
    """
    lengths = np.array([feature.length for feature in features])
    sequences = np.array([len(feature.sequences) for feature in features])
    order = np.argsort(-lengths, kind="stable")
    sums = np.append(0, np.cumsum(sequences[order]))

    def full(begin: int, place: int) -> bool:
        longest = lengths[order[begin]]
        used, more = longest * (sums[[place, place + 1]] - sums[begin])
        shorter = lengths[order[place]] < longest
        return more > tokens or (shorter and used >= tokens / 4)

    return _parts(order, full)


def divide(features: Sequence[Feature], parts: int) -> list[Sequence[Feature]]:
    """Contiguous parts of nearly equal size, for accumulation and for several processes; none is empty
    where there are enough features, and those that would be are left out."""
    if parts == 1:
        return [features]
    borders = np.linspace(0, len(features), parts + 1).round().astype(int)
    return [features[begin:end] for begin, end in pairwise(borders) if end > begin]
