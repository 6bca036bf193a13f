"""The languages of the miniature world and its sentences: typology, spelling, tags, answers, bitext,
tokenizer."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import fields

import numpy as np
import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources.miniature import MiniatureSettings, MiniatureSource
from xstilts_lib.sources.miniature.english import SUPERTAGS
from xstilts_lib.sources.miniature.grammar import Entity, Event, Style, write
from xstilts_lib.sources.miniature.languages import (
    ALPHABETS,
    FURTHER,
    LANGUAGES,
    Language,
    configured,
    distance,
    spell,
)
from xstilts_lib.sources.miniature.pretraining import Mixed, to_english, to_foreign
from xstilts_lib.tasks import ENTITIES, MINIATURE, TASKS, UPOS

DECLARED = {**LANGUAGES, **FURTHER}
EVERY = tuple(DECLARED)
EVENT = Event("follow", Entity("dog", "tall"), Entity("PER:Mira Halden"), "in park", "Monday")


@pytest.fixture(scope="module")
def world() -> MiniatureSource:
    """A world that speaks all of them."""
    return MiniatureSource(MiniatureSettings(text_lines=400, languages={code: {} for code in FURTHER}))


@pytest.fixture(scope="module")
def default() -> MiniatureSource:
    return MiniatureSource(MiniatureSettings(text_lines=400))


def part_order(world: MiniatureSource, language: str, style: Style = Style()) -> str:  # noqa: B008
    """The order of the agent, the verb and the patient, as 'AVP'."""
    words = world.grammars[language].statement(EVENT, style)
    letters = [
        {"agent": "A", "patient": "P"}.get(word.slot, "V" if word.upos == "VERB" else "") for word in words
    ]
    return "".join(dict.fromkeys("".join(letters)))


def test_the_table_and_the_task_table_name_the_same_languages(
    world: MiniatureSource, default: MiniatureSource
) -> None:
    rows = world.language_table()
    assert tuple(row["code"] for row in rows) == EVERY
    assert tuple(row["code"] for row in default.language_table()) == MINIATURE
    assert TASKS["mini_xnli"].languages == EVERY
    assert TASKS["mini_tatoeba"].languages == EVERY[1:]
    assert rows[0]["distance"] == 0
    assert all(0 < row["distance"] <= 1 for row in rows[1:])
    assert len({row["name"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("pair", "differs"),
    [
        (("qaa", "qab"), "resources"),
        (("qae", "qaf"), "resources"),
        (("qaa", "qac"), "order"),
        (("qaa", "qad"), "script"),
        (("qaa", "qah"), "case"),
        (("qaa", "qai"), "cognates"),
        (("qaa", "qaj"), "articles"),
        (("qaa", "qak"), "contact"),
    ],
)
def test_pairs_of_languages_differ_in_one_property(pair: tuple[str, str], differs: str) -> None:
    one, other = (DECLARED[code] for code in pair)
    properties = [field.name for field in fields(Language) if field.name not in ("code", "name")]
    assert [key for key in properties if getattr(one, key) != getattr(other, key)] == [differs]


def test_further_languages_are_spoken_where_a_world_names_them(
    world: MiniatureSource, default: MiniatureSource
) -> None:
    for task in ("mini_xnli", "mini_tatoeba", "mini_text"):
        assert {*world.languages(task)} - {*default.languages(task)} == set(FURTHER)
    with pytest.raises(UserError, match="no language 'qah'"):
        default.rows("mini_xnli", "test", "qah")
    assert tuple(configured({"qai": {}})) == (*MINIATURE, "qai"), "one without the other"
    farther = configured({"qah": {"order": "VSO"}})["qah"]
    assert (farther.order, farther.case) == ("VSO", True), "and changed as any other"


def test_further_languages_change_nothing_in_the_others(
    world: MiniatureSource, default: MiniatureSource
) -> None:
    for code in MINIATURE[1:]:
        assert world.world.vocabularies[code].words == default.world.vocabularies[code].words
    for task, code in (("mini_xnli", "qae"), ("mini_tydiqa", "en"), ("mini_bucc2018", "qad")):
        assert world.rows(task, "test", code, 40) == default.rows(task, "test", code, 40)
    assert world.rows("mini_text", "train", "qag", 40) == default.rows("mini_text", "train", "qag", 40)


def test_a_suffix_alone_sets_the_language_with_case_apart(world: MiniatureSource) -> None:
    near, case = (world.grammars[code].statement(EVENT) for code in ("qaa", "qah"))
    assert [word.slot for word in near] == [word.slot for word in case]
    suffixed = {word.slot for word in case if "-" in word.text}
    assert suffixed == {"patient"}
    assert not any("-" in word.text for word in near)


@pytest.mark.parametrize(("declared", "most"), [(LANGUAGES, 0.2), (DECLARED, 0.35)], ids=["seven", "eleven"])
def test_distance_and_resources_are_hardly_confounded(declared: dict[str, Language], most: float) -> None:
    rows = [row for row in declared.values() if row.code != "en"]
    correlation = np.corrcoef([distance(row) for row in rows], [row.resources for row in rows])[0, 1]
    assert abs(correlation) < most


def test_orders_are_the_declared_ones(world: MiniatureSource) -> None:
    expected = {"SVO": "AVP", "SOV": "APV", "VSO": "VAP"}
    for language in EVERY:
        assert part_order(world, language) == expected[DECLARED[language].order]
        assert part_order(world, language, Style(passive=True)) == expected[
            DECLARED[language].order
        ].translate(str.maketrans("AP", "PA"))


def test_adpositions_adjectives_and_case_are_the_declared_ones(world: MiniatureSource) -> None:
    for language in EVERY[1:]:
        row, words = DECLARED[language], world.grammars[language].statement(EVENT)
        upos = [word.upos for word in words]
        place = next(i for i, word in enumerate(words) if word.slot == "place")
        before = -2 if row.articles else -1
        assert words[place + (1 if row.adposition == "after" else before)].upos == "ADP"
        assert ("DET" in upos) == row.articles
        assert (upos.index("ADJ") < upos.index("NOUN")) == (row.adjective == "before")
        assert any("-" in word.text for word in words if word.slot == "patient") == row.case


def test_settings_change_a_language() -> None:
    changed = MiniatureSource(MiniatureSettings(languages={"qag": {"order": "SOV", "script": "Armenian"}}))
    assert part_order(changed, "qag") == "APV"
    assert re.search("[ա-ֆ]", changed.rows("mini_xnli", "test", "qag", 1)[0]["first"])
    assert changed.language_table()[-1]["distance"] == pytest.approx(4 / 7)


@pytest.mark.parametrize("script", ALPHABETS)
def test_spelling_can_be_undone(script: str) -> None:
    alphabet = ALPHABETS[script]
    assert len(set(alphabet)) == 26
    back = str.maketrans(alphabet, ALPHABETS["Latin"])
    assert spell("quickjumpz", script).translate(back) == "quickjumpz"
    assert spell("Halden", script).lower().translate(back) == "halden"


def test_invented_words_belong_to_one_language(world: MiniatureSource) -> None:
    english = world.world.lexicon.english_words()
    owners: Counter[str] = Counter()
    for code, row in world.world.vocabularies.items():
        own = {word for key, synonyms in row.words.items() for word in synonyms}
        owners.update(own - english)
        content = [word for key, synonyms in row.words.items() for word in synonyms[:1] if key[0] != "%"]
        share = sum(word in english for word in content) / len(content)
        expected = row.language.cognates if row.language.script == "Latin" else 0
        assert share == pytest.approx(expected, abs=0.12), code
        assert len({row.words[key] for key in row.words}) == len(row.words)
    assert max(owners.values()) == 1


def test_names_are_respelt_where_the_script_differs(world: MiniatureSource) -> None:
    english = world.rows("mini_panx", "test")
    for language in EVERY[1:]:
        shared = 0
        for row, other in zip(english, world.rows("mini_panx", "test", language), strict=True):
            names, theirs = (
                {w.split("-")[0] for w, tag in zip(r["words"], r["tags"], strict=True) if tag != "O"}
                for r in (row, other)
            )
            assert len(names) == len(theirs)
            shared += len(names & theirs)
        assert (shared > 100) == (DECLARED[language].script == "Latin")
        assert shared > 100 or shared == 0


@pytest.mark.parametrize(("task", "labels"), [("mini_udpos", set(UPOS)), ("mini_panx", set(ENTITIES))])
def test_tags_align_and_are_labels(world: MiniatureSource, task: str, labels: set[str]) -> None:
    for language in EVERY:
        for row in world.rows(task, "test", language):
            assert len(row["words"]) == len(row["tags"])
            assert set(row["tags"]) <= labels
            assert not any(" " in word or not word for word in row["words"])


def test_entities_are_well_formed_and_every_kind_is_frequent(world: MiniatureSource) -> None:
    for language in EVERY:
        counts: Counter[str] = Counter()
        for row in world.rows("mini_panx", "test", language):
            counts.update(row["tags"])
            for before, tag in zip(["O", *row["tags"]], row["tags"], strict=False):
                assert not tag.startswith("I-") or before[2:] == tag[2:]
        assert min(counts[f"B-{kind}"] for kind in ("PER", "LOC", "ORG")) > 20


def test_one_stem_names_a_person_a_town_and_an_organisation(world: MiniatureSource) -> None:
    kinds: dict[str, set[str]] = {}
    for row in world.rows("mini_panx", "train"):
        for word, tag in zip(row["words"], row["tags"], strict=True):
            kinds.setdefault(word, set()).add(tag[2:])
    assert all({"PER", "LOC", "ORG"} <= kinds[stem] for stem in world.world.lexicon.stems)


def test_supertags_are_the_labels(world: MiniatureSource) -> None:
    seen = Counter(tag for row in world.rows("mini_ccg", "train") for tag in row["tags"])
    assert world.labels("mini_ccg") == SUPERTAGS
    assert set(seen) == set(SUPERTAGS)
    assert min(seen.values()) >= 20


@pytest.mark.parametrize("language", EVERY)
def test_answers_are_whole_words_at_their_offsets(world: MiniatureSource, language: str) -> None:
    for split in ("dev", "test"):
        for row in world.rows("mini_tydiqa", split, language):
            context = row["context"]
            for text, start in zip(row["answers"]["text"], row["answers"]["start"], strict=True):
                assert context[start : start + len(text)] == text
                assert start == 0 or context[start - 1] == " "
                assert context[start + len(text)] in " .-"
            assert len(re.findall(r"\w+", context)) <= 40


def test_answers_with_a_suffix_may_be_given_without(world: MiniatureSource) -> None:
    answers = [row["answers"]["text"] for row in world.rows("mini_tydiqa", "test", "qae")]
    doubled = [texts for texts in answers if len(texts) == 2]
    assert len(doubled) > 20
    assert all(long.startswith(short + "-") for long, short in doubled)
    assert all(len(row["answers"]["text"]) == 1 for row in world.rows("mini_tydiqa", "test", "qac"))


@pytest.mark.parametrize("split", ["dev", "test"])
def test_bitext_has_its_gold_pairs_and_no_others(world: MiniatureSource, split: str) -> None:
    for language in ("qaa", "qag"):
        rows = world.rows("mini_bucc2018", split, language)
        by_id = {row["id"]: row for row in rows}
        sides = Counter(row["side"] for row in rows)
        assert sides == {"source": 400, "target": 400}
        gold = [row for row in rows if row["mate"]]
        assert len(gold) == 240
        assert all(
            by_id[row["mate"]]["mate"] == row["id"] and by_id[row["mate"]]["side"] != row["side"]
            for row in gold
        )
    items = world.catalogue.items("mini_bucc2018", split)
    assert len({item.event for item in items}) == len(items)


def test_bitext_splits_differ_and_english_is_the_same_for_all(world: MiniatureSource) -> None:
    def english(split: str, language: str) -> list[str]:
        return [
            row["sentence"] for row in world.rows("mini_bucc2018", split, language) if row["side"] == "target"
        ]

    assert not set(english("dev", "qaa")) & set(english("test", "qaa"))
    assert english("test", "qaa") == english("test", "qaf")


def test_literal_translations_keep_the_form() -> None:
    event = EVENT._replace(patient=Entity("horse"))
    free, literal = (
        MiniatureSource(MiniatureSettings(retrieval_translation=kind)) for kind in ("free", "literal")
    )
    assert write([free.grammars["qaa"].statement(event)]) == write([literal.grammars["qaa"].statement(event)])

    def mismatches(source: MiniatureSource) -> int:
        passive = source.world.vocabularies["qaa"].words["%passive"][0]
        rows = {row["id"]: row for row in source.rows("mini_tatoeba", "test", "qaa")}
        own = [row for row in rows.values() if row["side"] == "source"]
        return sum(
            (passive in row["sentence"].split())
            != bool(re.search(r"\b(was|were)\b", rows[row["mate"]]["sentence"]))
            for row in own
        )

    assert mismatches(literal) == 0
    assert mismatches(free) > 60


def test_distractors_join_the_index_of_retrieval() -> None:
    rows = MiniatureSource(MiniatureSettings(retrieval_distractors=100)).rows("mini_tatoeba", "test", "qac")
    assert Counter((row["side"], bool(row["mate"])) for row in rows) == {
        ("source", True): 250, ("source", False): 100, ("target", True): 250,
    }  # fmt: skip


def test_bitext_keeps_its_pairs_under_a_limit(world: MiniatureSource) -> None:
    rows = world.rows("mini_tatoeba", "test", "qaa", limit=30)
    assert len(rows) == 60
    assert {row["mate"] for row in rows} == {row["id"] for row in rows}


def test_as_many_lines_have_a_translation_as_set(world: MiniatureSource) -> None:
    rows = world.rows("mini_text", "train", "qac")
    share = sum(bool(row["pair"]) for row in rows) / len(rows)
    assert share == pytest.approx(world.settings.parallel, abs=0.1)
    assert not any(row["pair"] for row in world.rows("mini_text", "train", "en"))


def test_a_language_without_contact_is_neither_translated_nor_mixed() -> None:
    declared = {"qaa": {"contact": 0}, "qac": {"contact": 0.5}}
    apart = MiniatureSource(MiniatureSettings(text_lines=600, headings=0, languages=declared))
    assert not any(row["pair"] for row in apart.rows("mini_text", "train", "qaa"))
    half = np.mean([bool(row["pair"]) for row in apart.rows("mini_text", "train", "qac")])
    assert half == pytest.approx(apart.settings.parallel / 2, abs=0.1)
    usual = MiniatureSource(MiniatureSettings(text_lines=600, headings=0))
    english, known = apart.world.lexicon.english_words(), apart.world.vocabularies["qaa"].words.values()
    own = {form.lower() for forms in known for form in forms}

    def mixed(world: MiniatureSource, language: str, words: set[str]) -> float:
        rows = world.rows("mini_text", "train", language)
        return float(np.mean([not words.isdisjoint(re.findall(r"\w+", row["text"].lower())) for row in rows]))

    assert mixed(apart, "qaa", english - own) == 0 < mixed(usual, "qaa", english - own)
    assert mixed(apart, "en", own - english) == 0 < mixed(usual, "en", own - english)


def test_english_is_not_mixed_where_no_language_has_contact() -> None:
    codes = [code for code in LANGUAGES if code != "en"]
    alone = MiniatureSource(MiniatureSettings(text_lines=50, languages={c: {"contact": 0} for c in codes}))
    assert len(alone.rows("mini_text", "train", "en")) == 50


def test_pretraining_text_is_mixed_and_headed_as_set() -> None:
    def lines(language: str = "qad", **settings: float) -> list[str]:
        chosen = {"switching": 0.0, "headings": 0.0, **settings}
        source = MiniatureSource(MiniatureSettings(text_lines=300, **chosen))
        return [row["text"] for row in source.rows("mini_text", "train", language)]

    def latin(texts: list[str]) -> float:
        return float(np.mean([bool(re.search("[a-z]", text)) for text in texts]))

    assert latin(lines()) == 0
    assert latin(lines(switching=0.5, mixed=1.0)) > 0.9
    assert latin(lines(switching=0.5, mixed=0.3)) == pytest.approx(0.3, abs=0.1)
    assert all(text[-1] in ".?" for text in lines())
    assert 0.2 < np.mean([text[-1] not in ".?" for text in lines(headings=0.3)]) < 0.4
    foreign = "[а-яა-ჰ]"
    assert not any(re.search(foreign, text.lower()) for text in lines("en", switching=0.5, mixed=0.0))
    assert (
        0.1
        < np.mean([bool(re.search(foreign, text.lower())) for text in lines("en", switching=0.5, mixed=0.6)])
        < 0.4
    )


def test_a_mixed_sentence_keeps_its_names_and_suffixes(world: MiniatureSource) -> None:
    event = EVENT._replace(agent=Entity("PER:Mira Halden"))
    lexicon, vocabulary = world.world.lexicon, world.world.vocabularies["qae"]
    own = world.grammars["qae"].statement(event)
    mixed = Mixed(world.grammars["qae"], to_english(lexicon, vocabulary), 1.0).statement(
        event, rng=random.Random(0)
    )
    english = lexicon.english_words()
    assert [word.upos for word in mixed] == [word.upos for word in own]
    for before, after in zip(own, mixed, strict=True):
        if before.entity != "O":
            assert after.text == before.text
        else:
            assert after.text.split("-")[0].lower() in english
            assert after.text.partition("-")[2] == before.text.partition("-")[2]


def test_an_english_sentence_is_mixed_with_every_form_of_a_word(world: MiniatureSource) -> None:
    lexicon, vocabulary = world.world.lexicon, world.world.vocabularies["qad"]
    table = to_foreign(lexicon, vocabulary)
    absent = {form for form in lexicon.english_words() if form not in table}
    assert absent == {"did"}
    words = Mixed(world.grammars["en"], table, 1.0).statement(EVENT, rng=random.Random(0))
    assert not any(re.search("[a-z]", word.text) for word in words if word.entity == "O")


def test_no_other_text_mixes_languages(world: MiniatureSource) -> None:
    for task in ("mini_xnli", "mini_tatoeba"):
        rows = [row for row in world.rows(task, "test", "qad") if row.get("side") != "target"]
        assert not any(re.search("[a-z]", row.get("first") or row["sentence"]) for row in rows)


def test_literal_lines_keep_the_voice() -> None:
    def mismatches(literal: float) -> float:
        chosen = {"literal": literal, "switching": 0.0, "headings": 0.0, "parallel": 1.0}
        source = MiniatureSource(MiniatureSettings(text_lines=400, **chosen))
        passive = source.world.vocabularies["qaa"].words["%passive"][0]
        rows = source.rows("mini_text", "train", "qaa")
        found = [
            (passive in re.findall(r"\w+", row["text"].lower()))
            != bool(re.search(r"\b(was|were) (not )?\w+ed\b", row["pair"].lower()))
            for row in rows
            if not re.search(r"\?", row["text"])
        ]
        return float(np.mean(found))

    assert mismatches(1.0) < mismatches(0.0) - 0.1


def test_the_tokenizer_knows_every_word_and_writes_as_xlmr_does(
    world: MiniatureSource, default: MiniatureSource
) -> None:
    tokenizer = world.tokenizer()
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3, 4]) == ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pair = tokenizer("The dog followed Mira.", "Who followed Mira?")["input_ids"]
    assert [i for i in pair if i < 5] == [0, 2, 2, 2]
    for language in EVERY:
        texts = [
            row[key] for row in world.rows("mini_text", "train", language, 150) for key in ("text", "pair")
        ]
        texts += [
            row[key] for row in world.rows("mini_tydiqa", "test", language) for key in ("context", "question")
        ]
        texts += [
            " ".join(row["words"])
            for task in ("mini_panx", "mini_udpos")
            for row in world.rows(task, "test", language)
        ]
        for ids in tokenizer(texts)["input_ids"]:
            assert 3 not in ids
    assert 900 <= len(default.tokenizer()) <= 1600
    assert len(default.tokenizer()) < len(tokenizer) <= 1900


def test_offsets_of_tokens_lead_back_to_the_text(world: MiniatureSource) -> None:
    tokenizer = world.tokenizer()
    for language in ("en", "qad", "qae", "qag"):
        text = world.rows("mini_tydiqa", "test", language, 1)[0]["context"]
        encoded = tokenizer(text, return_offsets_mapping=True)
        pieces = [text[start:end].lower() for start, end in encoded["offset_mapping"][1:-1]]
        assert pieces == tokenizer.convert_ids_to_tokens(encoded["input_ids"][1:-1])
    assert tokenizer(["Dalo-ta"], is_split_into_words=True).word_ids()[1:-1] == [0, 0]
