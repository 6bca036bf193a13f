"""Every label of the miniature world, against a logic that reads the sentences and knows nothing of what
made them."""

from __future__ import annotations

from collections import Counter

import pytest
from logic import Logic

from xstilts_lib.sources.miniature import MiniatureSettings, MiniatureSource
from xstilts_lib.sources.miniature.lexicon import Lexicon

ROWS = 1200


@pytest.fixture(scope="module", params=[11, 29])
def world(request: pytest.FixtureRequest) -> MiniatureSource:
    return MiniatureSource(MiniatureSettings(seed=request.param))


@pytest.fixture(scope="module")
def logic(world: MiniatureSource) -> Logic:
    return Logic(world.world.lexicon)


# The logic itself, on pairs whose labels anybody can check.

PREMISE = "The old dog followed the tall nurse in Halden on Monday."


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label"),
    [
        (PREMISE, "The dog followed the nurse.", "entailment"),
        (PREMISE, "On Monday the nurse was pursued by an animal.", "entailment"),
        (PREMISE, "The old hound followed the tall person in Halden.", "entailment"),
        (PREMISE, "The old dog followed the happy nurse.", "neutral"),
        (PREMISE, "The dog trusted the nurse.", "neutral"),
        (PREMISE, "The young dog followed the nurse.", "contradiction"),
        (PREMISE, "The dog followed the nurse in Orlo.", "contradiction"),
        (PREMISE, "The dog followed the nurse in the park.", "neutral"),
        (PREMISE, "The dog followed the nurse near Orlo.", "neutral"),
        (PREMISE, "The dog followed the nurse on Friday.", "contradiction"),
        (PREMISE, "The dog did not follow the nurse.", "contradiction"),
        (PREMISE, "The dog did not follow the rich nurse.", "neutral"),
        (PREMISE, "The dog followed the doctor.", None),
        ("The animal followed the nurse.", "The dog followed the nurse.", "neutral"),
        ("The dog did not follow the nurse.", "The old dog did not follow the nurse.", "entailment"),
        ("The old dog did not follow the nurse.", "The dog did not follow the nurse.", "neutral"),
        ("The dog did not follow the person.", "The dog followed the nurse.", "contradiction"),
        ("The dog did not follow the nurse in Orlo.", "The dog followed the nurse.", "neutral"),
        ("Mira Halden bought two apples.", "A person purchased two fruits.", "entailment"),
        ("Mira Halden bought two apples.", "Mira Halden bought three apples.", "contradiction"),
        ("Mira Halden bought two apples.", "Mira Halden sold two apples.", "contradiction"),
        ("Mira Halden bought two apples.", "Mira Halden bought an apple.", None),
        ("Mira bought the pear and Halden Bank praised Lena.", "A person bought a fruit.", "entailment"),
        ("Mira bought the pear and Halden Bank praised Lena.", "Halden Bank blamed Lena.", "contradiction"),
        ("Mira bought the pear and Halden Bank praised Lena.", "Halden Bank praised sad Lena.", ValueError),
    ],
)
def test_logic_agrees_with_people(premise: str, hypothesis: str, label: str | type | None) -> None:
    logic = Logic(Lexicon())
    if label is ValueError:
        with pytest.raises(ValueError, match="'lena' is no noun"):
            logic.relation(premise, hypothesis)
    else:
        assert logic.relation(premise, hypothesis) == label


def test_logic_reads_questions() -> None:
    logic = Logic(Lexicon())
    context = (
        "The dog followed the nurse in Orlo on Monday. Two apples were bought by Mira Dorin. Lena sold a hat."
    )
    for question, answer in (
        ("Who bought two apples?", "mira dorin"),
        ("By which person were two apples bought?", "mira dorin"),
        ("What did Mira Dorin buy?", "apple"),
        ("Which fruit was bought by Mira Dorin?", "apple"),
        ("In which place was the nurse followed by the dog?", "orlo"),
        ("When did the hound pursue the nurse?", "monday"),
        ("Who sold a hat?", "lena"),
    ):
        assert logic.answers(context, question) == [answer], question
    assert logic.answers(context, "Where did Mira Dorin buy two apples?") == []


def test_no_word_has_two_meanings_within_its_part_of_speech() -> None:
    lexicon = Lexicon()
    rows = [
        (noun.concept, form)
        for noun in (*lexicon.nouns.values(), *lexicon.hypernyms.values())
        for p in noun.words
        for form in p
    ]
    rows += [
        (verb.concept, form) for verb in lexicon.verbs.values() for forms in verb.words for form in set(forms)
    ]
    rows += [(row.concept, word) for row in lexicon.adjectives.values() for word in row.words]
    assert len({form for _, form in rows}) == len(rows)


# The generated pairs.


@pytest.mark.parametrize(
    ("task", "split"),
    [("mini_mnli", "train"), ("mini_mnli", "dev"), ("mini_xnli", "dev"), ("mini_xnli", "test")],
)
def test_inference_labels_follow_from_the_sentences(
    world: MiniatureSource, logic: Logic, task: str, split: str
) -> None:
    rows, labels = world.rows(task, split, limit=ROWS), world.labels(task)
    wrong = [row for row in rows if logic.relation(row["first"], row["second"]) != labels[row["label"]]]
    assert not wrong, wrong[:3]
    assert len(rows) >= 250


@pytest.mark.parametrize("task", ["mini_qqp", "mini_pawsx"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_paraphrases_state_the_same_and_others_do_not(
    world: MiniatureSource, logic: Logic, task: str, split: str
) -> None:
    for row in world.rows(task, split, limit=ROWS):
        assert logic.same(row["first"], row["second"]) == bool(row["label"]), row


def test_swapped_pairs_differ_in_nothing_but_their_roles(world: MiniatureSource, logic: Logic) -> None:
    for row in world.rows("mini_pawsx", "train", limit=ROWS):
        (first,), (second,) = logic.reader.facts(row["first"]), logic.reader.facts(row["second"])
        parts = [
            {value for phrase in (fact.agent, fact.patient) for value in (phrase.head, phrase.adjective)}
            for fact in (first, second)
        ]
        assert parts[0] == parts[1]
        assert (first.verb, first.place, first.time) == (second.verb, second.place, second.time)


def test_one_ending_restates_the_prompt_and_three_do_not(world: MiniatureSource, logic: Logic) -> None:
    for row in [*world.rows("mini_hellaswag", "train", limit=ROWS), *world.rows("mini_hellaswag", "test")]:
        found = [logic.restates(row["prompt"], ending) for ending in row["choices"]]
        assert found == [i == row["label"] for i in range(4)], row


@pytest.mark.parametrize("task", ["mini_squad", "mini_tydiqa"])
def test_every_question_has_one_answer_and_it_is_the_right_one(
    world: MiniatureSource, logic: Logic, task: str
) -> None:
    for row in [*world.rows(task, "train", limit=ROWS), *world.rows(task, "test")]:
        words = row["answers"]["text"][0].lower().split()
        gold = logic.reader.nouns.get(words[-1], " ".join(words))
        assert logic.answers(row["context"], row["question"]) == [gold], row


@pytest.mark.parametrize("task", ["mini_mnli", "mini_qqp", "mini_pawsx", "mini_hellaswag"])
def test_labels_are_balanced_and_shuffled(world: MiniatureSource, task: str) -> None:
    labels = [row["label"] for row in world.rows(task, "train", limit=ROWS)]
    counts = Counter(labels)
    assert max(counts.values()) - min(counts.values()) <= 1
    repeats = sum(a == b for a, b in zip(labels, labels[len(counts) :], strict=False)) / len(labels)
    assert repeats < 1.25 / len(counts) + 0.05


@pytest.mark.parametrize("task", ["mini_squad", "mini_tydiqa"])
def test_questions_ask_for_every_part_equally(world: MiniatureSource, task: str) -> None:
    asked = Counter(item.question.asked for item in world.catalogue.items(task, "train"))
    assert set(asked) == {"agent", "patient", "place", "time"}
    assert max(asked.values()) - min(asked.values()) <= 1
