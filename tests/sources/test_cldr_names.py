"""The names of countries and languages: which count, in which languages, and that every source holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xstilts_lib import mining
from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation import evaluate, retrieval
from xstilts_lib.experiment import load_experiment
from xstilts_lib.scoring import score_task
from xstilts_lib.sources import Source, names, open_source
from xstilts_lib.sources.checks import checked
from xstilts_lib.tasks import task

WORLD = {"kind": "miniature"}


@pytest.fixture(params=["miniature", "files"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    settings = WORLD if request.param == "miniature" else {"kind": "files", "folder": str(tmp_path)}
    return open_source(settings)


def sides(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """{what is named: its name} in the language, and in English."""
    rows = names.rows(language)
    return tuple(
        {row["id"].partition(f"{code}-")[2]: row["sentence"] for row in rows if row["side"] == side}
        for side, code in (("source", language), ("target", "en"))
    )


def test_names_of_countries_and_of_languages() -> None:
    theirs, english = sides("it")
    assert (theirs["DE"], english["DE"]) == ("Germania", "Germany")
    assert (theirs["de"], english["de"]) == ("tedesco", "German")


def test_every_name_is_translated_and_stands_for_one_thing() -> None:
    for language in names.LANGUAGES:
        theirs, english = sides(language)
        assert theirs.keys() == english.keys()
        assert len(theirs) == names.COUNT
        for code, name in theirs.items():
            assert name.casefold() != english[code].casefold(), (language, "CLDR falls back to English")
            assert name.strip("↑∅ ") == name, (language, "marks of CLDR itself")
        for side in (theirs, english):
            assert len({name.casefold() for name in side.values()}) == len(side), language


def test_the_languages_are_those_with_enough_names_that_are_nobody_elses() -> None:
    """Taken one after the other, that with the most names first."""
    from babel.core import localedata

    held = {}
    for code in localedata.locale_identifiers():
        language, _, rest = code.partition("_")
        if language != "en" and (not rest or (len(rest) == 4 and rest.isalpha())):
            found = names._pairs(code.replace("_", "-"))[0]
            if len(found) >= names.COUNT:
                held[code.replace("_", "-")] = found
    kept: list[str] = []
    for code in sorted(held, key=lambda code: (-len(held[code]), len(code), code)):
        if not any(_copies(held[code], held[other]) for other in kept):
            kept.append(code)
    assert sorted(kept) == list(names.LANGUAGES)
    assert len({code.partition("-")[0] for code in kept}) > 190


def _copies(ours: dict[str, str], theirs: dict[str, str]) -> bool:
    shared = ours.keys() & theirs.keys()
    alike = sum(names._spelling(ours[code]) == names._spelling(theirs[code]) for code in shared)
    return len(shared) >= 100 and alike >= 0.9 * len(shared)


def test_where_a_name_stands_says_nothing_of_its_partner() -> None:
    theirs, english = sides("ru")
    assert list(theirs) != list(english)
    assert names.rows("ru") == names.rows("ru")


def test_every_source_holds_them(source: Source) -> None:
    rows = source.load(names.NAMES, "test", "zu", 20)
    assert len(rows) == 40
    assert set(rows["sentence"]) <= {name for side in sides("zu") for name in side.values()}
    assert source.languages(names.NAMES) == names.LANGUAGES
    assert source.labels(names.NAMES) == ()
    assert source.identify(names.NAMES, "test", "zu") == names.revision()
    source.check([names.NAMES])
    with pytest.raises(UserError, match="no split 'dev'"):
        source.load(names.NAMES, "dev", "zu")
    with pytest.raises(UserError, match="no language 'zux': did you mean 'zu'"):
        source.load(names.NAMES, "test", "zux")


def test_other_tasks_are_the_sources_own() -> None:
    source = open_source(WORLD)
    assert source.languages("mini_tatoeba") == task("mini_tatoeba").languages[:7]
    with pytest.raises(UserError, match="has no task 'xnli'"):
        source.check(["xnli"])


def test_they_are_held_against_what_the_table_says() -> None:
    raw, report = names._open(task(names.NAMES), "test", "sw")
    assert len(checked(task(names.NAMES), (), raw, report)) == 2 * names.COUNT
    assert (report.rows, report.expected) == (names.COUNT, names.COUNT)


def test_a_language_says_what_is_known_of_it() -> None:
    zulu, serbian = names.about("zu"), names.about("sr-Latn")
    assert (zulu["name"], zulu["script"]) == ("Zulu", "Latn")
    assert (serbian["name"], serbian["script"], names.about("sr")["script"]) == (
        "Serbian (Latin)",
        "Latn",
        "Cyrl",
    )
    assert 0 < zulu["same"] < 100 * zulu["names"]
    assert {"swa", "swh"} < set(names.iso3("sw"))


def test_the_experiment_names_this_task() -> None:
    experiment = load_experiment("names")
    assert experiment.targets == (names.NAMES,)
    assert experiment.languages_for(names.NAMES, experiment.open_source()) == names.LANGUAGES


def test_a_perfect_encoder_finds_every_name(tmp_path: Path) -> None:
    """And its predictions are scored as those of any other retrieval task, in every language asked for."""
    text = load_experiment("smoke").file.read_text("utf-8")
    targets = "targets: [mini_xnli, mini_udpos, mini_tydiqa, mini_tatoeba, mini_bucc2018]"
    assert targets in text
    file = tmp_path / "few.yaml"
    file.write_text(text.replace(targets, "targets: [cldr_names]\nlanguages: [zu, sr-Latn]"), "utf-8")
    experiment = load_experiment(file)
    source = experiment.open_source()
    assert experiment.languages_for(names.NAMES, source) == ("sr-Latn", "zu")
    for code in ("sr-Latn", "zu"):
        rows = source.load(names.NAMES, "test", code, experiment.evaluation.examples)
        vectors = {}
        for row in rows:
            key = row["id"].rpartition("-")[2]
            vectors[row["sentence"]] = np.random.default_rng(list(key.encode())).normal(size=8)
        theirs, english = retrieval.sides(rows, lambda found, own=vectors: np.stack([own[s] for s in found]))
        places = mining.retrieve(english.embeddings, theirs.embeddings)
        evaluate.write_predictions(names.NAMES, code, rows, places, tmp_path / "predictions")
        evaluate.write_labels(names.NAMES, code, rows, tmp_path / "labels")
    scores = score_task(names.NAMES, tmp_path / "predictions", tmp_path / "labels", ["sr-Latn", "zu"])
    assert scores == {code: {"accuracy": 100.0} for code in ("sr-Latn", "zu")}
