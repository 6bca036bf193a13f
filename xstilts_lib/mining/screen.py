"""Screening in bfloat16, with proof: the neighbours that float32 products would give, at twice the speed.

More neighbours than wanted are found with products in bfloat16, and those are multiplied again in float32.
Whatever was left out lies below the last of them in bfloat16, hence in float32 below that value plus the
error of rounding, which is bounded. Where the k-th neighbour lies above that, nothing was missed; the other
rows are searched again in float32.

Sentence embeddings share a large mean, and rounding errors grow with the vectors; so the means are taken out
first: (x - m)(y - n) + (x - m)n + m(y - n) = xy - mn, the product less a constant. The two middle terms are
added by the same matrix product, as two more dimensions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .tiles import Best, search

TRIAL = 1024  # rows that show whether screening pays
PART = 256  # rows whose neighbours are multiplied again at a time: what they gather stays in the cache
UNIT = 2.0**-24  # relative error of rounding to float32


def screened(
    x: Tensor, y: Tensor, wanted: tuple[int, int], tile: tuple[int, int] | None, trial: bool
) -> tuple[Best, Best] | None:
    """The same as `search(x, y, *wanted, tile)` for float32 x (n, d) and y (m, d).

    trial: first look at a few rows, and return None where more than a tenth of them would have to be searched
    again.
    """
    k_rows, k_columns = wanted
    wide = _wider(k_rows, len(y)), _wider(k_columns, len(x)) if k_columns else 0
    coarse = Coarse(x, y)
    if trial:
        found, _ = search(coarse.x[:TRIAL], coarse.y, wide[0], 0, tile)
        _, sure = coarse.checked(found, x[:TRIAL], y, k_rows)
        if sure.float().mean() < 0.9:
            return None
    found = search(coarse.x, coarse.y, *wide, tile)
    sides = []
    for side, own, other, k in ((found[0], x, y, k_rows), (found[1], y, x, k_columns)):
        best, sure = coarse.checked(side, own, other, k) if k else (side, torch.ones(0, dtype=torch.bool))
        if not sure.all():
            again = (~sure).nonzero().squeeze(1)
            exact, _ = search(own[again], other, k, 0, tile)
            best.values[again], best.indices[again] = exact.values, exact.indices
        sides.append(best)
    return sides[0], sides[1]


def _wider(k: int, others: int) -> int:
    return min(2 * k + 8, others)


class Coarse:
    """Both sets in bfloat16, without their means: x (n, d + 2), y (m, d + 2)."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        mean_x, mean_y = x.mean(dim=0), y.mean(dim=0)
        self.x, norm_x, cut_x, cut_a = _rounded(x, mean_x, mean_y, 0)
        self.y, norm_y, cut_y, cut_b = _rounded(y, mean_y, mean_x, 1)
        self.shift = float(mean_x @ mean_y)
        # |x'y' - [x'][y']| <= |x' - [x']| |y'| + |[x']| |y' - [y']| (Cauchy and Schwarz), [] being bfloat16;
        # the two dimensions that carry the means are multiplied by ones.
        rounding = cut_x * norm_y + (norm_x + cut_x) * cut_y + cut_a + cut_b
        # Summing d products in float32: the exact ones, the coarse ones (twice over), the two dimensions, the
        # shift.
        length_x, length_y = float(mean_x.norm()), float(mean_y.norm())
        sizes = (norm_x + length_x) * (norm_y + length_y) + 2 * norm_x * norm_y
        sizes += norm_x * length_y + norm_y * length_x + length_x * length_y
        self.bound = rounding + (x.shape[1] + 2) * UNIT * sizes

    def checked(self, found: Best, own: Tensor, other: Tensor, k: int) -> tuple[Best, Tensor]:
        """The k best of those found, by float32 product, and whether they are sure to be the best of all."""
        best = Best(len(own), k, own.device)
        sure = torch.ones(len(own), dtype=torch.bool, device=own.device)
        for start in range(0, len(own), PART):
            part = slice(start, start + PART)
            names = found.indices[part].sort(dim=1).values  # equal products stay in this order
            products = torch.bmm(other[names], own[part, :, None]).squeeze(2)
            products, order = products.sort(dim=1, descending=True, stable=True)
            best.values[part], best.indices[part] = products[:, :k], names.gather(1, order[:, :k])
            if names.shape[1] < len(other):
                last = found.values[part, -1]
                above = last + last.abs() * 2.0**-8  # the product was itself rounded, by a 256th at most
                sure[part] = above + self.shift + self.bound < best.values[part, -1]
        return best, sure


def _rounded(vectors: Tensor, mean: Tensor, other: Tensor, place: int) -> tuple[Tensor, float, float, float]:
    """Vectors less their mean, in bfloat16, with their product with the other mean in dimension d + place.

    Also the largest norm, and what rounding cuts off at most: the norm of it for the vectors, the size for
    the product.
    """
    size, width = vectors.shape
    coarse = torch.ones(size, width + 2, dtype=torch.bfloat16, device=vectors.device)
    norm = cut = cut_product = 0.0
    for start in range(0, size, 4096):
        centred = vectors[start : start + 4096] - mean
        product = centred @ other
        part = coarse[start : start + 4096]
        part[:, :width], part[:, width + place] = centred, product
        norm = max(norm, float(centred.norm(dim=1).max()))
        cut = max(cut, float((centred - part[:, :width].float()).norm(dim=1).max()))
        cut_product = max(cut_product, float((product - part[:, width + place].float()).abs().max()))
    return coarse, norm, cut, cut_product
