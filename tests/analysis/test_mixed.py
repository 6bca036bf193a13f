"""The mixed-effects model: exact where a balanced design makes it simple, and silent where data are."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xstilts_lib.analysis import mixed as m


def world(
    seeds: int = 5, sizes: int = 3, languages: int = 8, tasks: int = 3, seed: int = 0, noise: float = 1.0
) -> pd.DataFrame:
    """Gains of 2, plus 3 a unit of distance, 1.5 a ten of size and 1 on t1, and effects of what varies."""
    rng = np.random.default_rng(seed)
    run, part = rng.normal(size=(seeds, sizes)), rng.normal(size=(seeds, sizes, tasks))
    language, resources = rng.normal(size=languages), rng.permutation(np.linspace(0, 1, languages))
    rows = [
        {"seed": s, "log10_size": 6.0 + z, "language": f"q{k}", "task": f"t{t}",
         "distance": k / max(1, languages - 1), "resources": resources[k],
         "gain": 2 + 3 * k / max(1, languages - 1) + 1.5 * z + (t == 1)
         + noise * (run[s, z] + part[s, z, t] + language[k] + rng.normal())}
        for s, z, k, t in itertools.product(range(seeds), range(sizes), range(languages), range(tasks))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def found() -> m.Mixed:
    return m.fit(world())


def test_balanced_languages_are_a_regression_on_their_means() -> None:
    """With one random effect, all languages as often, it is least squares on the means of languages."""
    frame = world(seeds=4, sizes=1, tasks=1, languages=9)
    table = m.fit(frame, terms=["distance"], random=["language"]).table.set_index("term")
    means = frame.groupby("language")[["distance", "gain"]].mean()
    line = stats.linregress(means["distance"], means["gain"])
    half = stats.t.ppf(0.975, 7) * line.stderr
    row = table.loc["distance"]
    assert row["estimate"] == pytest.approx(line.slope, rel=1e-4)
    assert row["p"] == pytest.approx(line.pvalue, rel=1e-2)
    assert (row["low"], row["high"]) == pytest.approx((line.slope - half, line.slope + half), rel=1e-2)
    assert row["df"] == 7
    assert table.loc["mean", "estimate"] == pytest.approx(frame["gain"].mean(), rel=1e-4)


def test_estimates_are_generalised_least_squares_at_the_variances_found(found) -> None:
    frame = world()
    spread = {name: value**2 for name, value in found.deviations.items()}
    covariance = spread["residual"] * np.eye(len(frame))
    for name in m.RANDOM:
        codes = frame.groupby(name.split(":")).ngroup().to_numpy()
        covariance += spread[name] * (codes[:, None] == codes)
    columns = [frame[name] - frame[name].mean() for name in ("distance", "resources", "log10_size")]
    columns += [(frame["task"] == name) - (frame["task"] == name).mean() for name in ("t1", "t2")]
    design = np.column_stack([np.ones(len(frame)), *columns]).astype(float)
    weighted = np.linalg.solve(covariance, design)
    inverse = np.linalg.inv(design.T @ weighted)
    expected = inverse @ weighted.T @ frame["gain"].to_numpy()
    table = found.table
    assert table["estimate"].to_numpy() == pytest.approx(expected, rel=1e-4)
    t = stats.t.ppf(0.975, table["df"].to_numpy(dtype=float))
    half = (table["high"] - table["low"]).to_numpy() / 2
    assert half / t == pytest.approx(np.sqrt(np.diag(inverse)), rel=1e-3)


def test_a_term_has_the_freedom_of_the_level_at_which_it_varies(found) -> None:
    table = found.table.set_index("term")
    assert set(table["note"]) == {""}
    assert table.loc[["distance", "resources"], "df"].tolist() == [5, 5], "8 languages, a mean and 2 slopes"
    assert table.loc["log10_size", "df"] == 13, "15 runs, a mean and a slope"
    assert table.loc["task: t1, not t0", "df"] == 41, "45 trainings, a mean, a slope and 2 tasks"
    assert table.loc["log10_size", "low"] < 1.5 < table.loc["log10_size", "high"]


def test_the_order_of_rows_and_the_unit_do_not_matter(found) -> None:
    frame = world().sample(frac=1, random_state=1).sort_values("task", kind="stable")
    frame["gain"] /= 100
    again = m.fit(frame).table.set_index("term").loc[found.table["term"]]
    columns = ["estimate", "low", "high"]
    assert 100 * again[columns].to_numpy() == pytest.approx(
        found.table[columns].to_numpy(), rel=1e-3, abs=1e-3
    )


def test_a_single_size_says_nothing_about_size() -> None:
    found = m.fit(world(sizes=1))
    row = found.table.set_index("term").loc["log10_size"]
    assert row[["estimate", "low", "high", "p"]].isna().all()
    assert row["note"] == "There is only one value of log10_size in these data, so its effect is unknown."
    assert math.isfinite(found.table.set_index("term").loc["distance", "estimate"])


def test_causes_that_vary_together_are_not_told_apart() -> None:
    frame = world(sizes=2, seeds=3)
    frame["resources"] = 1 - frame["distance"]
    table = m.fit(frame).table.set_index("term")
    assert table.loc["distance", "note"] == (
        "distance varies together with resources, so its own effect is unknown."
    )
    assert table.loc[["distance", "resources"], "estimate"].isna().all()
    assert math.isfinite(table.loc["log10_size", "estimate"])


def test_as_many_languages_as_causes_are_too_few() -> None:
    found = m.fit(world(languages=3, seeds=3, sizes=2, seed=3))
    row = found.table.set_index("term").loc["distance"]
    assert math.isnan(row["estimate"])
    assert row["note"] == "There are too few levels of language to separate distance from chance."


def test_one_seed_and_one_language() -> None:
    found = m.fit(world(seeds=1, sizes=1, tasks=4), terms=["distance"], random=["seed", "language"])
    assert list(found.deviations) == ["language", "residual"]


def test_effects_that_are_the_same_rows_count_once() -> None:
    found = m.fit(world(tasks=1, sizes=2))
    assert list(found.deviations) == ["seed:log10_size", "language", "residual"]


def test_gains_that_do_not_vary_are_not_modelled() -> None:
    frame = world(seeds=2, sizes=2)
    frame["gain"] = 1.0
    found = m.fit(frame)
    assert not found.deviations
    assert found.table["estimate"].isna().all()
    assert set(found.table["note"]) == {
        "The model did not converge on these data, so no effect is estimated."
    }


def test_rows_that_lack_a_number_are_left_out_and_columns_are_asked_for() -> None:
    frame = world(seeds=3, sizes=2, tasks=2)
    frame.loc[frame["language"] == "q0", "distance"] = np.nan
    whole = m.fit(frame.dropna(), terms=["distance", "task"]).table
    pd.testing.assert_frame_equal(m.fit(frame, terms=["distance", "task"]).table, whole)
    with pytest.raises(ValueError, match="'resources'"):
        m.fit(frame.drop(columns="resources"))
