"""One pass over the products of two sets of vectors, a tile at a time, for the best of every row and column.

Of each tile, the maxima of groups of products are compared with the worst neighbour kept so far of the row
(or column) they belong to; only groups that hold something better are looked into. After the first tiles
those are few, and the search costs little more than the matrix product itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

GROUP = 64  # products under one maximum
# Rows and columns of a tile: on a CPU it should stay in the cache, on a GPU it should keep the device busy.
TILES = {"cpu": (1024, 4096), "cuda": (8192, 16384)}

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
