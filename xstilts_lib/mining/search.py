"""One pass over the products of two sets of vectors, a tile at a time, for the best of every row and column.

`search`: of each tile, the maxima of groups of products are compared with the worst neighbour kept so far of
the row (or column) they belong to; only groups that hold something better are looked into. After the first
tiles those are few, and the search costs little more than the matrix product itself.

`screened`: in bfloat16, with proof, the neighbours that float32 products would give, at twice the speed.
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

GROUP = 64  # products under one maximum
# Rows and columns of a tile: on a CPU it should stay in the cache, on a GPU it should keep the device busy.
TILES = {"cpu": (1024, 4096), "cuda": (8192, 16384)}
TRIAL = 1024  # rows that show whether screening pays
PART = 256  # rows whose neighbours are multiplied again at a time: what they gather stays in the cache
UNIT = 2.0**-24  # relative error of rounding to float32

Finds = tuple[Tensor, Tensor, Tensor]  # whose neighbour, which neighbour, product


def search(
    x: Tensor, y: Tensor, k_rows: int, k_columns: int, tile: tuple[int, int] | None = None
) -> tuple[Best, Best]:
    """The k_rows best of y for each row of x, and the k_columns best of x for each of y (0: none wanted).

    x (n, d), y (m, d), of one dtype; k at most the size of the other set. Memory: one tile and what it finds.
    """
    rows, columns = tile or TILES.get(x.device.type, TILES["cpu"])
    rows, columns = _fitting(rows, len(x), k_columns), _fitting(columns, len(y), k_rows)
    forward, backward = Best(len(x), k_rows, x.device), Best(len(y), k_columns, y.device)
    for row in range(0, len(x), rows):
        for column in range(0, len(y), columns):
            left, right = x[row : row + rows], y[column : column + columns]
            products = _product(left, right, rows, columns)
            if k_rows:
                bar = forward.bar(row, products[: len(left)])
                forward.merge(*_shifted(_above_rows(products, bar), row, column))
            if k_columns:
                bar = backward.bar(column, products[:, : len(right)].t())
                backward.merge(*_shifted(_above_columns(products, bar), column, row))
    return forward, backward


def _fitting(wanted: int, size: int, k: int) -> int:
    """A multiple of GROUP, no larger than the data need, and with room for k neighbours."""
    least = max(min(wanted, size), k)
    return -(-least // GROUP) * GROUP


def _product(left: Tensor, right: Tensor, rows: int, columns: int) -> Tensor:
    """(rows, columns) inner products; minus infinity beyond the data, so that every group is full."""
    products = left @ right.t()
    if products.shape == (rows, columns):
        return products
    spare = (0, columns - products.shape[1], 0, rows - products.shape[0])
    return torch.nn.functional.pad(products, spare, value=-torch.inf)


def _above_rows(products: Tensor, bar: Tensor) -> Finds:
    """(row, column, product) of the products that reach the bar of their row.

    A group is every (columns / GROUP)-th column, so that its maximum is taken over whole lines of memory at
    once.
    """
    step = products.shape[1] // GROUP
    groups = products[: len(bar)].view(len(bar), GROUP, step)
    row, group = (groups.amax(1) >= bar[:, None]).nonzero(as_tuple=True)
    values = groups[row, :, group]
    hit, within = (values >= bar[row, None]).nonzero(as_tuple=True)
    return row[hit], within * step + group[hit], values[hit, within]


def _above_columns(products: Tensor, bar: Tensor) -> Finds:
    """(column, row, product) of those that reach the bar of their column; a group is GROUP rows together."""
    groups = products.view(-1, GROUP, products.shape[1])
    group, column = (groups.amax(1)[:, : len(bar)] >= bar[None, :]).nonzero(as_tuple=True)
    values = groups[group, :, column]
    hit, within = (values >= bar[column, None]).nonzero(as_tuple=True)
    return column[hit], group[hit] * GROUP + within, values[hit, within]


def _shifted(finds: Finds, own: int, other: int) -> Finds:
    return finds[0] + own, finds[1] + other, finds[2]


class Best:
    """The k best of each row so far, best first; equal ones in the order of their index."""

    def __init__(self, rows: int, k: int, device: torch.device) -> None:
        self.values = torch.full((rows, k), -torch.inf, device=device)
        self.indices = torch.full((rows, k), -1, dtype=torch.int64, device=device)

    def bar(self, start: int, products: Tensor) -> Tensor:
        """What a product must reach to matter to the rows from `start` on, whose `products` these are."""
        bar = self.values[start : start + len(products), -1]
        if torch.isinf(bar).any():  # nothing kept yet: the k-th best of this very tile
            bar = products.float().topk(self.values.shape[1], dim=1).values[:, -1]
        return bar.to(products.dtype)

    def merge(self, rows: Tensor, others: Tensor, values: Tensor) -> None:
        """Takes in finds, each of them once."""
        values = values.float()
        better = (values > self.values[rows, -1]).nonzero().squeeze(1)
        rows, others, values = rows[better], others[better], values[better]
        if not len(rows):
            return
        order = torch.argsort(rows * (int(others.max()) + 1) + others)
        rows, others, values = rows[order], others[order], values[order]
        changed, position, counts = torch.unique_consecutive(rows, return_inverse=True, return_counts=True)
        k = self.values.shape[1]
        place = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[position] + k
        pool = torch.full((len(changed), k + int(counts.max())), -torch.inf, device=rows.device)
        names = torch.full(pool.shape, -1, dtype=torch.int64, device=rows.device)
        pool[:, :k], names[:, :k] = self.values[changed], self.indices[changed]
        pool[position, place], names[position, place] = values, others
        pool, chosen = pool.sort(dim=1, descending=True, stable=True)
        self.values[changed], self.indices[changed] = pool[:, :k], names.gather(1, chosen[:, :k])


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
