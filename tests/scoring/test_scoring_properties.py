"""Scores of random and odd predictions, against slow implementations written from the metrics' definitions.

They share no code with the library: sets and loops where it has tables and regular expressions.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import string
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from xstilts_lib import scoring
from xstilts_lib.scoring import answers, retrieval, tags

SEEDS = range(5)
# Words, articles of every language that has some, and what trips a tokenizer: digits and punctuation of other
# scripts, marks that combine, spaces that are none, letters whose lower case is longer.
_PIECES = (
    "the a an The AN der die das ein EINES el La los Unas của là những cái ال البيت و旧桥 河 12 ١٢ १२ １２ é "
    "e\u0301 İ ß ﬁ 。 ، ؟ । « » „alt“ — - ' \" ( ) $ € % + | ~ ^ ` don't x-ray U.S. 3.14 "
    "\u200b \u200d \ufeff ก็ สะพาน bridge Bridge"
)
PIECES = _PIECES.split()
SPACES = (" ", "  ", "\u00a0", "\u3000", "\t", "")


def phrase(draw: random.Random, longest: int = 6) -> str:
    return "".join(draw.choice(PIECES) + draw.choice(SPACES) for _ in range(draw.randint(0, longest)))


def changed(draw: random.Random, text: str) -> str:
    """The text, or a part of it, or another."""
    words = text.split()
    options = [text, text.upper(), text + ".", "", phrase(draw), " ".join(words[: len(words) // 2 + 1])]
    return draw.choice(options)


# What SQuAD's and MLQA's scripts do to an answer, letter by letter.


def is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def without_words(text: str, dropped: set[str]) -> str:
    """The text with each run of word characters that is in `dropped` made a space."""
    runs = ("".join(run) for _, run in itertools.groupby(text, key=is_word))
    return "".join(" " if run in dropped else run for run in runs)


def slow_squad(text: str) -> str:
    kept = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(without_words(kept, {"a", "an", "the"}).split())


SLOW_ARTICLES = {
    "en": "a an the",
    "es": "un una unos unas el la los las",
    "de": "ein eine einen einem eines einer der die das den dem des",
    "vi": "của là cái chiếc những",
    "hi": "",
    "zh": "",
}


def slow_mlqa(text: str, language: str) -> str:
    kept = [
        letter
        for letter in text.lower()
        if letter not in string.punctuation and not unicodedata.category(letter).startswith("P")
    ]
    text = "".join(kept)
    if language == "ar":
        text = text.replace("ال", " ")
    else:
        text = without_words(text, set(SLOW_ARTICLES[language].split()))
    if language == "zh":
        text = "".join(f" {letter} " if "\u4e00" <= letter <= "\u9fa5" else letter for letter in text)
    return " ".join(text.split())


def slow_overlap(answer: str, gold: str) -> float:
    ours, theirs = answer.split(), gold.split()
    common, left = 0, list(theirs)
    for word in ours:
        if word in left:
            left.remove(word)
            common += 1
    if common == 0:
        return 0.0
    precision, recall = common / len(ours), common / len(theirs)
    return 2 * precision * recall / (precision + recall)


def examination(draw: random.Random, size: int = 40) -> tuple[answers.Gold, dict[str, str]]:
    """Questions with one to three answers, and predictions of most of them and of some that nobody asked."""
    gold = [
        (f"q{draw.randint(0, size)}", [phrase(draw) for _ in range(draw.randint(1, 3))]) for _ in range(size)
    ]
    predicted = {name: changed(draw, draw.choice(texts)) for name, texts in gold if draw.random() < 0.9}
    return gold, predicted | {"elsewhere": "x"}


class TestAnswers:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_squad_v1(self, seed):
        gold, predicted = examination(random.Random(seed))
        exact = f1 = 0.0
        for name, texts in gold:
            if name in predicted:
                answer = slow_squad(predicted[name])
                exact += max(float(answer == slow_squad(text)) for text in texts)
                f1 += max(slow_overlap(answer, slow_squad(text)) for text in texts)
        expected = {"exact_match": 100 * exact / len(gold), "f1": 100 * f1 / len(gold)}
        assert answers.means(answers.squad(gold, predicted, "de")) == pytest.approx(expected, abs=1e-9)

    @pytest.mark.parametrize("language", ["en", "es", "de", "ar", "hi", "vi", "zh"])
    @pytest.mark.parametrize("seed", SEEDS)
    def test_mlqa(self, seed, language):
        gold, predicted = examination(random.Random(f"{seed} {language}"))
        exact = f1 = 0.0
        for name, texts in gold:
            if name in predicted:
                answer = slow_mlqa(predicted[name], language)
                exact += max(float(answer == slow_mlqa(text, language)) for text in texts)
                f1 += max(slow_overlap(answer, slow_mlqa(text, language)) for text in texts)
        expected = {"exact_match": 100 * exact / len(gold), "f1": 100 * f1 / len(gold)}
        assert answers.means(answers.mlqa(gold, predicted, language)) == pytest.approx(expected, abs=1e-9)

    def test_every_character_is_normalised_alike(self):
        """Each one that there is, between letters and alone; surrogates stand in no file."""
        for start in range(0, sys.maxunicode, 4096):
            codes = (code for code in range(start, start + 4096) if not 0xD800 <= code <= 0xDFFF)
            text = " ".join(f"a{letter}b {letter}" for letter in map(chr, codes))
            assert answers.squad_normalised(text) == slow_squad(text), hex(start)
            if start in (0, 0x1000, 0x2000, 0x3000, 0xF000, 0x11000, 0x1E000):
                for language in ("de", "zh"):
                    assert answers.mlqa_normalised(text, language) == slow_mlqa(text, language), hex(start)


class TestUnanswerable:
    def by_hand(self, gold, predicted) -> dict[str, float]:
        exact, f1 = {}, {}
        for name, texts in gold:
            if name not in predicted:
                continue
            answer = slow_squad(predicted[name])
            normal = [slow_squad(text) for text in texts if slow_squad(text)] or [""]
            exact[name] = max(float(answer == text) for text in normal)
            f1[name] = max(
                slow_overlap(answer, text) if answer and text else float(answer == text) for text in normal
            )
        scores = {"exact_match": exact, "f1": f1}
        return {metric: 100 * sum(each.values()) / len(each) for metric, each in scores.items()}

    @pytest.mark.parametrize("seed", range(20))
    def test_squad_v2(self, seed):
        draw = random.Random(seed)
        gold = [
            (f"q{i}", [phrase(draw, 3) for _ in range(draw.randint(1, 2))] if draw.random() < 0.6 else [])
            for i in range(40)
        ]
        predicted = {
            name: changed(draw, texts[0] if texts else "x") for name, texts in gold if draw.random() < 0.9
        }
        found = answers.means(answers.squad_v2(gold, predicted, "en"))
        assert found == pytest.approx(self.by_hand(gold, predicted), abs=1e-9)


def slow_entities(sentences: list[list[str]]) -> set[tuple[int, str, int, int]]:
    """(sentence, type, first, last) of each entity, as seqeval's default mode reads tags.

    One begins at B- and S-, after an end or O, and where the type changes; it ends after E- and S-, before a
    beginning, before O, and where the type changes.
    """
    found = set()
    for number, sentence in enumerate(sentences):
        begin, before, kind = None, "O", ""
        for place, tag in enumerate([*sentence, "O"]):
            prefix, _, name = tag.partition("-")
            after_end = before in ("E", "S")
            if begin is not None and (after_end or prefix in ("B", "S", "O") or name != kind):
                found.add((number, kind, begin, place - 1))
                begin = None
            if prefix in ("B", "S") or (prefix != "O" and (after_end or before == "O" or name != kind)):
                begin = place
            before, kind = prefix, name
    return found


class TestTags:
    ALPHABETS = (
        ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-ORG"),
        ("O", "I-PER", "I-LOC", "B-LOC"),
        ("O", "B-PER", "E-PER", "S-LOC", "I-PER", "S-PER"),
    )

    def sentences(
        self, draw: random.Random, alphabet: tuple[str, ...]
    ) -> tuple[list[list[str]], list[list[str]]]:
        gold = [[draw.choice(alphabet) for _ in range(draw.randint(1, 9))] for _ in range(30)]
        near = [[tag if draw.random() < 0.7 else draw.choice(alphabet) for tag in line] for line in gold]
        return gold, near

    @pytest.mark.parametrize("alphabet", ALPHABETS)
    @pytest.mark.parametrize("seed", SEEDS)
    def test_entities_of_ill_formed_sequences(self, seed, alphabet):
        gold, near = self.sentences(random.Random(seed), alphabet)
        expected, found = slow_entities(gold), slow_entities(near)
        right = len(expected & found)
        precision, recall = right / len(found), right / len(expected)
        assert tags.entity_f1(gold, near, "de") == pytest.approx(
            {"f1": 200 * precision * recall / (precision + recall), "precision": 100 * precision,
             "recall": 100 * recall}
        )  # fmt: skip

    ODD = (
        ("O", "B-PER", "I-PER", "I-LOC", "E-PER", "S-LOC", "NOUN", "S/N", "B", "I", "E", "S", "B-", "X", "."),
        ("E-PER", "E-LOC", "I-PER", "O", "-X-", "OUT", "b-PER", "_"),
        (),
    )

    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize("alphabet", ODD)
    @pytest.mark.parametrize("seed", range(10))
    def test_any_tags_at_all_hold_the_entities_that_seqeval_finds(self, seed, alphabet):
        """To the last digit; where no alphabet is given, tags are letters and hyphens at random."""
        from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

        draw = random.Random(seed)
        made = ("".join(draw.choices("BIESO.-_Xx", k=draw.randint(1, 4))) for _ in range(40))
        gold, near = self.sentences(draw, alphabet or tuple(made))
        gold.insert(3, [])
        near.insert(3, [])
        assert sorted(tags.entities(gold)) == sorted(get_entities(gold))
        *expected, _ = precision_recall_fscore_support(gold, near, average="micro")
        metrics = tags.entity_f1(gold, near, "de")
        assert [metrics[name] for name in ("precision", "recall", "f1")] == [100 * each for each in expected]

    def test_seqeval_is_asked_by_tests_alone(self):
        """It is published as source alone, and a build of it must not stand between a reader and the book."""
        library = Path(scoring.__file__).parents[1]
        texts = {path: path.read_text(encoding="utf-8") for path in library.rglob("*.py")}
        assert not [
            path for path, text in texts.items() if re.search(r"^\s*(import|from) seqeval", text, re.M)
        ]

    @pytest.mark.parametrize("seed", SEEDS)
    def test_parts_of_speech_are_runs_of_equal_letters(self, seed):
        """seqeval takes the first letter for a prefix and the rest for a type; ours is asked beside it."""
        from seqeval.metrics import f1_score

        draw = random.Random(seed)
        gold, near = self.sentences(draw, ("NOUN", "NUM", "VERB", "ADJ", "ADV", "PUNCT", "X", "PRON"))
        with pytest.warns(UserWarning, match="not to be NE tag"):
            expected = 100 * f1_score(gold, near)
        metrics = tags.pos(gold, near, "de")
        assert metrics["f1"] == pytest.approx(expected)
        pairs = [pair for lines in zip(gold, near, strict=True) for pair in zip(*lines, strict=True)]
        assert metrics["token_accuracy"] == pytest.approx(100 * sum(a == b for a, b in pairs) / len(pairs))


def files(folder: Path, task: str, prediction: str, label: str, language: str = "de") -> dict[str, float]:
    for side, content in (("predictions", prediction), ("labels", label)):
        path = folder / side / task / scoring.file_name(task, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return scoring.score_task(task, folder / "predictions", folder / "labels")[language]


class TestRetrieval:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_mined_pairs(self, seed, tmp_path):
        draw = random.Random(seed)
        gold = [(f"de-{i}", f"en-{draw.randint(0, 50)}") for i in range(30)]
        found = [
            pair if draw.random() < 0.5 else (pair[0], "en-999") for pair in gold if draw.random() < 0.8
        ] * 2
        draw.shuffle(found)
        right = sum(any(pair == other for other in gold) for pair in set(found))
        precision, recall = right / len(set(found)), right / len(set(gold))
        lines = ["".join(f"{a}\t{b}\n" for a, b in pairs) for pairs in (found, gold)]
        assert files(tmp_path, "bucc2018", *lines) == pytest.approx(
            {"f1": 200 * precision * recall / (precision + recall), "precision": 100 * precision,
             "recall": 100 * recall}
        )  # fmt: skip

    @pytest.mark.parametrize("seed", SEEDS)
    def test_nearest_sentences(self, seed, tmp_path):
        draw = random.Random(seed)
        gold = [draw.randint(0, 99) for _ in range(60)]
        found = [name if draw.random() < 0.4 else draw.randint(0, 99) for name in gold]
        lines = ["".join(f"{name}\n" for name in names) for names in (found, gold)]
        right = sum(a == b for a, b in zip(gold, found, strict=True))
        assert files(tmp_path, "tatoeba", *lines) == {"accuracy": pytest.approx(100 * right / 60)}

    def slow_average_precision(self, ranked: list[str], right: set[str], depth: int = 20) -> float:
        total = 0.0
        for rank in range(1, min(depth, len(ranked)) + 1):
            if ranked[rank - 1] in right and ranked[rank - 1] not in ranked[: rank - 1]:
                total += len(set(ranked[:rank]) & right) / rank
        return total / min(len(right), depth)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_rankings_with_several_right_answers(self, seed, tmp_path):
        """As LAReQA has them; some queries have more right answers than count, or no prediction, or repeat
        one."""
        draw = random.Random(seed)
        gold = {
            f"q{i}": [f"c{j}" for j in draw.sample(range(60), draw.choice((1, 3, 11, 25)))] for i in range(25)
        }
        found = {
            name: [f"c{draw.randint(0, 59)}" for _ in range(draw.choice((0, 5, 20, 40)))]
            for name in gold
            if draw.random() < 0.9
        }
        values = [
            self.slow_average_precision(found.get(name, []), set(right)) for name, right in gold.items()
        ]
        metrics = files(tmp_path, "lareqa", json.dumps(found | {"elsewhere": ["c1"]}), json.dumps(gold))
        assert metrics == {"map@20": pytest.approx(100 * np.mean(values))}

    @pytest.mark.parametrize("seed", SEEDS)
    def test_with_one_right_answer_it_is_the_reciprocal_rank(self, seed):
        draw = random.Random(seed)
        gold = {f"q{i}": [f"c{draw.randint(0, 30)}"] for i in range(25)}
        found = {name: [f"c{j}" for j in draw.sample(range(31), 31)] for name in gold}
        ranks = [found[name].index(right) + 1 for name, (right,) in gold.items()]
        expected = np.mean([100 / rank if rank <= 20 else 0 for rank in ranks])
        assert retrieval.mean_average_precision(gold, found, "de") == {"map@20": pytest.approx(expected)}


class TestOddFiles:
    """What XTREME's own reader makes of them."""

    def test_digits_of_other_scripts_are_other_answers(self, tmp_path):
        gold = {"data": [{"paragraphs": [{"qas": [{"id": "a", "answers": [{"text": "١٢"}]}]}]}]}
        assert files(tmp_path, "xquad", '{"a": "12"}', json.dumps(gold))["exact_match"] == 0.0
        assert files(tmp_path, "xquad", '{"a": "١٢"}', json.dumps(gold))["exact_match"] == 100.0

    def test_no_prediction_at_all_scores_nothing(self, tmp_path):
        gold = {"data": [{"paragraphs": [{"qas": [{"id": "a", "answers": [{"text": "x"}]}]}]}]}
        assert files(tmp_path, "mlqa", "{}", json.dumps(gold)) == {"exact_match": 0.0, "f1": 0.0}
        assert files(tmp_path, "mewslix", "{}", '{"q": ["e"]}') == {"map@20": 0.0}
        assert files(tmp_path, "bucc2018", "", "a\tb\n")["f1"] == 0.0

    def test_white_space_around_an_id_counts_in_predictions(self, tmp_path):
        assert files(tmp_path, "mewslix", '{"q": ["e1"]}', '{"q": [" e1 "]}') == {"map@20": 100.0}
        assert files(tmp_path, "mewslix", '{"q": ["e1 ", "e1"]}', '{"q": ["e1"]}') == {"map@20": 50.0}

    def test_only_newlines_end_a_line(self, tmp_path):
        """Not the separators at which str.splitlines cuts: they stand inside Tatoeba's and PAN-X's tokens."""
        assert not re.search("[\n]", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
        tag = "B-PER\nI-PER\n\nO\n"
        assert files(tmp_path, "panx", tag, tag)["f1"] == 100.0
        spaced = files(tmp_path, "panx", "B-PER\u2028\nI-PER\n\nO \n", tag)
        assert spaced["f1"] == 100.0  # white space around a tag is cut off, as in XTREME
