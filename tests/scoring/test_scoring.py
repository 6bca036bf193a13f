"""Scores from prediction files: the definitions, the corners of XTREME's code, and what a wrong file says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from xstilts_lib import scoring
from xstilts_lib.common.errors import UserError
from xstilts_lib.scoring import answers, retrieval, tags


def lay_out(
    folder: Path, task: str, predictions: dict[str, str], labels: dict[str, str]
) -> tuple[Path, Path]:
    """Files of both sides in XTREME's layout; {language: content}."""
    for name, side in (("predictions", predictions), ("labels", labels)):
        (folder / name / task).mkdir(parents=True, exist_ok=True)
        for language, content in side.items():
            path = folder / name / task / scoring.file_name(task, language)
            path.write_text(content, encoding="utf-8")
    return folder / "predictions", folder / "labels"


def questions(*rows: tuple[str, list[str]]) -> str:
    """A file in SQuAD's layout: (id, gold answers) each."""
    listed = [
        {"id": name, "question": "?", "answers": [{"text": text, "answer_start": 0} for text in texts]}
        for name, texts in rows
    ]
    return json.dumps(
        {"version": 1.0, "data": [{"title": "", "paragraphs": [{"context": "", "qas": listed}]}]}
    )


def score(folder: Path, task: str, prediction: str, label: str, language: str = "de") -> dict[str, float]:
    sides = lay_out(folder, task, {language: prediction}, {language: label})
    return scoring.score_task(task, *sides)[language]


class TestLabels:
    def test_accuracy_counts_equal_lines(self, tmp_path):
        assert score(tmp_path, "xnli", "neutral\nentailment\n", "neutral\nneutral\n") == {"accuracy": 50.0}

    def test_a_blank_prediction_is_wrong(self, tmp_path):
        assert score(tmp_path, "pawsx", "0\n\n1\n", "0\n0\n1\n")["accuracy"] == pytest.approx(200 / 3)

    def test_windows_line_ends_and_a_byte_order_mark_change_nothing(self, tmp_path):
        assert score(tmp_path, "pawsx", "\ufeff0\r\n1\r\n", "0\n1\n") == {"accuracy": 100.0}

    def test_a_line_separator_inside_a_line_does_not_end_it(self, tmp_path):
        with pytest.raises(UserError, match="2 lines"):
            score(tmp_path, "pawsx", "0\u20281\n1\n", "0\n1\n1\n")

    def test_a_miniature_task_is_scored_as_its_counterpart(self, tmp_path):
        assert score(tmp_path, "mini_pawsx", "0\n1\n", "0\n0\n", "qaa") == {"accuracy": 50.0}

    def test_qqp_has_f1_of_duplicates_beside_accuracy(self, tmp_path):
        metrics = score(tmp_path, "qqp", "1\n1\n0\n0\n", "1\n0\n1\n0\n", "en")
        assert metrics == {"accuracy": 50.0, "f1": 50.0}
        assert scoring.headline(metrics, "qqp") == 50.0

    def test_choices_are_matched_by_index(self, tmp_path):
        gold = '{"idx": 0, "label": 1}\n{"idx": 1, "label": 0}\n'
        swapped = '{"idx":1,"label":0}\n{"idx":0,"label":1}\n'
        assert score(tmp_path, "xcopa", swapped, gold, "et") == {"accuracy": 100.0}

    @pytest.mark.parametrize(
        ("task", "prediction", "label", "message"),
        [
            ("xnli", "neutral\n", "neutral\nneutral\n", "has 1 lines, .* has 2"),
            (
                "xnli",
                "neutral\ncontradictory\n",
                "neutral\nneutral\n",
                "line 2: 'contradictory' .* 'contradiction'",
            ),
            ("pawsx", "0\n2\n", "0\n0\n", "line 2: '2' is no label"),
            ("xnli", "", "neutral\n", "is empty"),
            ("xnli", "<!DOCTYPE html>\n<p>404", "neutral\n", "is an HTML page"),
            ("xcopa", '{"idx": 0, "lab', '{"idx": 0, "label": 1}\n', "line 1: the JSON ends too early"),
            ("xcopa", '{"idx": 4, "label": 1}\n', '{"idx": 0, "label": 1}\n', "no example with idx 0"),
            ("xcopa", '{"idx": 0}\n', '{"idx": 0, "label": 1}\n', "has no 'label'"),
            ("xcopa", '{"idx": 0, "label": 1}\n' * 2, '{"idx": 0, "label": 1}\n', "idx 0 comes twice"),
            ("xcopa", "[1]\n", '{"idx": 0, "label": 1}\n', "a JSON object was expected"),
        ],
    )
    def test_wrong_files_are_refused_in_a_sentence(self, tmp_path, task, prediction, label, message):
        with pytest.raises(UserError, match=message):
            score(tmp_path, task, prediction, label)

    def test_other_encodings_are_refused(self, tmp_path):
        sides = lay_out(tmp_path, "panx", {"de": "O\n"}, {"de": "O\n"})
        (sides[0] / "panx" / "test-de.tsv").write_bytes("Größe\n".encode("latin-1"))
        with pytest.raises(UserError, match="is not UTF-8"):
            scoring.score_task("panx", *sides)


class TestChoices:
    """Pairing and equality as in the benchmark's own code, which goes line by line and compares numbers."""

    GOLD = ({"idx": 3, "label": 0}, {"idx": 0, "label": 1}, {"idx": 2, "label": 1}, {"idx": 7, "label": 1})

    def lines(self, *rows: dict) -> str:
        return "".join(json.dumps(row) + "\n" for row in rows)

    def accuracy(self, folder: Path, predicted: list[dict], gold: list[dict] | None = None) -> float:
        sides = self.lines(*predicted), self.lines(*(self.GOLD if gold is None else gold))
        return score(folder, "xcopa", *sides, "et")["accuracy"]

    @pytest.mark.parametrize("kind", [int, float, bool])
    def test_labels_that_are_equal_count_as_equal(self, tmp_path, kind):
        given = [row | {"label": kind(row["label"])} for row in self.GOLD]
        assert self.accuracy(tmp_path, given) == 100.0
        assert self.accuracy(tmp_path, list(self.GOLD), given) == 100.0
        assert self.accuracy(tmp_path, [given[0] | {"label": kind(1)}, *given[1:]]) == 75.0

    def test_text_equals_text_and_is_no_number(self, tmp_path):
        text = [row | {"label": str(row["label"])} for row in self.GOLD]
        assert self.accuracy(tmp_path, text, text) == 100.0
        with pytest.raises(
            UserError, match=r"predictions.*line 2: the label is text, and a number in the other"
        ):
            self.accuracy(tmp_path, [self.GOLD[0], *text[1:]])
        with pytest.raises(UserError, match=r"labels.*line 1: the label is text"):
            self.accuracy(tmp_path, list(self.GOLD), text)

    def test_without_idx_lines_pair_in_their_order_whatever_the_labels_idx(self, tmp_path):
        given = [{"label": row["label"]} for row in self.GOLD]
        assert self.accuracy(tmp_path, given) == 100.0
        assert self.accuracy(tmp_path, given[::-1]) == 50.0
        assert self.accuracy(tmp_path, given, given) == 100.0

    def test_labels_without_idx_pair_with_predictions_in_order(self, tmp_path):
        gold = [{"label": row["label"]} for row in self.GOLD]
        in_order = [{"idx": place, **row} for place, row in enumerate(gold)]
        assert self.accuracy(tmp_path, in_order, gold) == 100.0
        with pytest.raises(UserError, match=r"idx in an order of its own, .*labels.* has none to match"):
            self.accuracy(tmp_path, list(self.GOLD), gold)

    def test_an_idx_may_be_a_float_as_well(self, tmp_path):
        given = [row | {"idx": float(row["idx"])} for row in self.GOLD[::-1]]
        assert self.accuracy(tmp_path, given) == 100.0

    @pytest.mark.parametrize("side", [0, 1])
    def test_idx_on_some_lines_alone_are_refused(self, tmp_path, side):
        some = [*self.GOLD[:2], {"label": 1}, {"label": 1}]
        with pytest.raises(UserError, match="line 3, has no 'idx', as other lines have"):
            self.accuracy(tmp_path, *((some, None) if side == 0 else (list(self.GOLD), some)))

    @pytest.mark.parametrize("label", [2, -1, 0.5, None, "", "effect", [1]])
    def test_what_is_no_choice_is_refused_in_either_file(self, tmp_path, label):
        odd = [self.GOLD[0], self.GOLD[1] | {"label": label}, *self.GOLD[2:]]
        with pytest.raises(
            UserError, match=r"predictions.*line 2: the label .* is none of the choices, 0, 1"
        ):
            self.accuracy(tmp_path, odd)
        with pytest.raises(UserError, match=r"labels.*line 2: the label .* is none of the choices, 0, 1"):
            self.accuracy(tmp_path, odd, odd)

    def test_nan_is_no_label(self, tmp_path):
        with pytest.raises(UserError, match=r"predictions.*line 1 holds NaN, which is no number"):
            self.accuracy(tmp_path, [self.GOLD[0] | {"label": float("nan")}, *self.GOLD[1:]])

    def test_every_task_of_choices_says_how_many(self):
        from xstilts_lib.scoring.benchmark import known_labels
        from xstilts_lib.tasks import TASKS

        counts = {name: len(known_labels(name)) for name, row in TASKS.items() if row.format == "choice"}
        assert min(counts.values()) == counts["xcopa"] == 2
        assert counts["commonsenseqa"] == 5


class TestPlaces:
    """Tatoeba: the place of a sentence on the other side, for each."""

    def test_a_blank_prediction_is_wrong(self, tmp_path):
        assert score(tmp_path, "tatoeba", "1\n\n", "1\n0\n") == {"accuracy": 50.0}

    @pytest.mark.parametrize(
        "place", ["0.0", "zwei", "-1", "4", "99999", "1e0", "01", "+1", "١", "nan", "1\tx"]
    )
    def test_what_is_no_place_is_refused(self, tmp_path, place):
        with pytest.raises(UserError, match=r"predictions.*line 2"):
            score(tmp_path, "tatoeba", f"2\n{place}\n1\n3\n", "2\n0\n1\n3\n")

    def test_labels_of_a_part_do_not_say_how_many_places_there_are(self, tmp_path):
        assert score(tmp_path, "tatoeba", "998\n7\n", "7\n7\n") == {"accuracy": 50.0}
        with pytest.raises(UserError, match=r"line 1: '1000' is no label; .* from 0 to 999"):
            score(tmp_path, "tatoeba", "1000\n7\n", "7\n7\n")

    def test_larger_sets_than_the_published_are_no_trouble(self, tmp_path):
        places = "".join(f"{place}\n" for place in range(1200))
        assert score(tmp_path, "mini_tatoeba", places, places, "qaa") == {"accuracy": 100.0}


class TestLabelFiles:
    """Labels that no prediction can match are no wrong answers: they are refused, by line."""

    @pytest.mark.parametrize(
        ("task", "label", "message"),
        [
            ("xnli", "neutral\ncontradictory\n", "line 2: 'contradictory' is no label; .*'contradiction'"),
            ("xnli", "neutral\n-\n", "line 2: '-' is no label"),
            ("xnli", "gold_label\nneutral\n", "line 1: 'gold_label' is no label"),
            ("xnli", "neutral\n\n", "line 2: '' is no label"),
            ("xnli", "neutral\n1\n", "line 2: '1' is no label"),
            ("xnli", "neutral\tA\tB\nneutral\tC\tD\n", "line 1, holds more than a label: keep the"),
            ("pawsx", "0\n2\n", "line 2: '2' is no label"),
            ("pawsx", "label\n0\n", "line 1: 'label' is no label"),
            ("qqp", "1\nduplicat\n", "line 2: 'duplicat' is no label"),
            ("tatoeba", "0\n1.0\n", "line 2: '1.0' is no label; labels are the places"),
            ("tatoeba", "0\n\n", "line 2: '' is no label"),
            ("tatoeba", "index\n0\n", "line 1: 'index' is no label"),
            ("tatoeba", "0\tHallo\n1\tWelt\n", "line 1, holds more than a label"),
            ("tatoeba", "0\n99999\n", "line 2: '99999' is no label"),
            ("panx", "B-PER\nPER\n", "line 2: 'PER' is none of the tags"),
            ("panx", "tag\nB-PER\n", "line 1: 'tag' is none of the tags"),
            ("panx", "Haus\tO\nBonn\tB-LOC\n", "line 1, holds more than a tag"),
            ("panx", "O\nO\n", "holds no entity: every tag is O"),
            ("mini_panx", "O\n\nO\n", "holds no entity"),
            ("udpos", "NOUN\n_\n", "line 2: '_' is none of the tags"),
            ("udpos", "O\nO\n", "line 1: 'O' is none of the tags"),
            ("bucc2018", "de\ten\nde-1\ten-1\n", "line 1, names its columns"),
            ("bucc2018", "de-1\ten-1\n\nde-2\ten-2\n", "line 2, has 1 columns"),
            ("bucc2018", "de-1\ten-1\tA\tB\n", "line 1, has 4 columns"),
            ("bucc2018", "en-1\tde-1\nen-2\tde-2\n", "has English first"),
            ("bucc2018", "de-1\ten-1\nde-2\ten-2\nen-3\tde-3\n", "line 3, holds ids of 'en' and 'de'"),
            ("xquad", questions(("a", ["x"]), ("b", [])), "'b' has no gold answer"),
            ("xquad", questions(("a", ["x"]), ("b", ["", " "])), "the gold answers of 'b' are blank"),
            ("tydiqa", questions(("a", [""])), "the gold answers of 'a' are blank"),
            ("mlqa", '{"data": []}', "holds no question"),
            ("squad_v2", questions(("a", []), ("b", [])), "holds no question that has an answer"),
            ("squad_v2", questions(("a", ["x"]), ("b", [""])), "the gold answers of 'b' are blank"),
            ("mlqa", '{"data": [{"paragraphs": [{"qas": [{"id": 17, "answers": [{"text": "x"}]}]}]}]}',
             "the id 17 is no text"),
            ("mewslix", '{"q": ["e1"], "r": [" "]}', "names no right answer for 'r'"),
            ("mewslix", '{"q": [null]}', "'q' has None where an id is expected"),
            ("lareqa", '{"q": [NaN]}', "holds NaN, which is no number"),
        ],
    )  # fmt: skip
    def test_they_are_refused(self, tmp_path, task, label, message):
        with pytest.raises(UserError, match=rf"labels.{task}.test-de.*{message}"):
            score(tmp_path, task, '{"a": "x"}' if label[0] == "{" else label, label)

    def test_numbers_for_labels_are_a_spelling_of_their_own(self, tmp_path):
        assert score(tmp_path, "xnli", "0\n2\n", "0\n1\n") == {"accuracy": 50.0}
        with pytest.raises(UserError, match=r"predictions.*line 1: 'neutral' is no label"):
            score(tmp_path, "xnli", "neutral\n2\n", "0\n1\n")


class TestTags:
    def test_ill_formed_sequences_are_scored_as_seqeval_reads_them(self):
        # I-PER after O starts an entity; a change of type starts one too.
        metrics = tags.entity_f1([["O", "B-PER", "I-PER"]], [["O", "I-PER", "I-PER"]], "de")
        assert metrics == {"f1": 100.0, "precision": 100.0, "recall": 100.0}
        metrics = tags.entity_f1([["B-PER", "I-PER"]], [["B-PER", "I-LOC"]], "de")
        assert metrics["f1"] == 0.0

    def test_adjacent_equal_pos_tags_merge_and_token_accuracy_shows_it(self):
        gold, predicted = [["NOUN", "NOUN", "VERB"]], [["NOUN", "VERB", "VERB"]]
        metrics = tags.pos(gold, predicted, "de")
        assert metrics["f1"] == 0.0  # two merged runs on either side, of which none agrees
        assert metrics["token_accuracy"] == pytest.approx(200 / 3)

    def test_only_pos_has_token_accuracy(self, tmp_path):
        assert "token_accuracy" in score(tmp_path, "udpos", "NOUN\n\nVERB\n", "NOUN\n\nVERB\n")
        assert "token_accuracy" not in score(tmp_path, "panx", "O\n\nB-PER\n", "O\n\nB-PER\n")

    def test_supertags_are_scored_by_token(self, tmp_path):
        assert score(tmp_path, "mini_ccg", "N\nS/NP\n", "N\nN\n", "en") == {"token_accuracy": 50.0}

    def test_one_tag_of_another_set_among_known_ones_is_refused(self, tmp_path):
        with pytest.raises(UserError, match=r"predictions.*line 2: 'CONJ' is none of the tags, .* CCONJ"):
            score(tmp_path, "udpos", "NOUN\nCONJ\nVERB\n", "NOUN\nCCONJ\nVERB\n")

    def test_supertags_may_be_any(self, tmp_path):
        assert score(tmp_path, "ccg", "N\nwhatever\n", "N\nS/NP\n", "en") == {"token_accuracy": 50.0}

    def test_a_sentence_at_the_end_of_the_file_needs_no_blank_line(self, tmp_path):
        assert score(tmp_path, "panx", "B-PER\n\nB-LOC\n", "B-PER\n\nB-LOC\n\n")["f1"] == 100.0

    @pytest.mark.parametrize(
        ("prediction", "message"),
        [
            ("O\n\nO\n\nO\n", "has 3 sentences, .* has 2"),
            ("O\nO\n\nO\n", "sentence 1: 2 tags for 1 tokens"),
            ("Haus\tO\n\nO\n", "line 1, holds more than a tag"),
            ("0\n\n1\n", "line 1: '0' is none of the tags, O, B-PER"),
            ("O\n\nb-per\n", "line 3: 'b-per' is none of the tags"),
            ("O\n\nS-PER\n", "line 3: 'S-PER' is none of the tags"),
        ],
    )
    def test_wrong_files_are_refused_in_a_sentence(self, tmp_path, prediction, message):
        with pytest.raises(UserError, match=message):
            score(tmp_path, "panx", prediction, "O\n\nB-PER\n")


class TestAnswers:
    def test_squad_drops_english_articles_and_ascii_punctuation_alone(self):
        assert answers.squad_normalised("The  Answer, (an) it's!") == "answer its"
        assert answers.squad_normalised("der „alte“ Mann") == "der „alte“ mann"

    @pytest.mark.parametrize(
        ("language", "answer", "normal"),
        [
            ("en", "The „old“ a man", "old man"),
            ("de", "Der, dem eines „alten“ Hauses", "alten hauses"),
            ("es", "La casa de los unos", "casa de"),
            ("vi", "những của cái nhà", "nhà"),
            ("ar", "البيت والبيت", "بيت و بيت"),
            ("hi", "एक घर।", "एक घर"),
            ("zh", "旧桥 river，12年", "旧 桥 river12 年"),
        ],
    )
    def test_mlqa_normalises_by_language(self, language, answer, normal):
        assert answers.mlqa_normalised(answer, language) == normal

    def test_mlqa_has_no_other_languages(self):
        with pytest.raises(UserError, match="not for 'fr'"):
            answers.mlqa_normalised("maison", "fr")

    def test_the_best_gold_answer_counts_for_each_metric(self, tmp_path):
        gold = questions(("a", ["old bridge", "bridge near river"]))
        assert score(tmp_path, "xquad", '{"a": "bridge near the town"}', gold) == {
            "exact_match": 0.0,
            "f1": pytest.approx(200 * 2 / (3 + 3)),
        }

    def test_questions_without_a_prediction_score_nothing(self, tmp_path):
        gold = questions(("a", ["x"]), ("b", ["x"]))
        assert score(tmp_path, "xquad", '{"a": "x", "elsewhere": "y"}', gold) == {
            "exact_match": 50.0,
            "f1": 50.0,
        }

    def test_an_empty_answer_can_match_exactly_and_yet_has_no_f1(self, tmp_path):
        # SQuAD v1.1's own script: "The" normalises to nothing, and so does the answer.
        assert score(tmp_path, "tydiqa", '{"a": ""}', questions(("a", ["The"]))) == {
            "exact_match": 100.0,
            "f1": 0.0,
        }

    @pytest.mark.parametrize("task", ["xquad", "mlqa", "tydiqa", "mini_tydiqa", "squad_v1", "squad_v2"])
    def test_predictions_of_other_questions_are_refused(self, tmp_path, task):
        gold = questions(("a", ["x"]), ("b", ["x"]))
        for prediction in ('{"0": "x", "1": "x"}', '{"data": {"0": "x"}}'):
            with pytest.raises(UserError, match=r"None of the ids of .*predictions.* is one of .*labels"):
                score(tmp_path, task, prediction, gold)
        assert score(tmp_path, task, '{"data": {"a": "x"}}', gold)["f1"] > 0

    def test_of_two_answers_to_a_question_the_last_counts(self, tmp_path):
        found = score(tmp_path, "xquad", '{"a": "y", "a": "x"}', questions(("a", ["x"])))
        assert found["exact_match"] == 100.0

    def test_ids_may_repeat(self, tmp_path):
        gold = questions(("a", ["x"]), ("a", ["y"]))
        assert score(tmp_path, "tydiqa", '{"a": "x"}', gold)["exact_match"] == 50.0

    def test_the_headline_is_the_mean_of_f1_and_exact_match(self):
        assert scoring.headline({"f1": 80.0, "exact_match": 60.0}, "mini_tydiqa") == 70.0

    @pytest.mark.parametrize(
        ("prediction", "label", "message"),
        [
            ('{"a": "x', questions(("a", ["x"])), "the JSON ends too early"),
            ('{"a": "x",}', questions(("a", ["x"])), "this is not JSON"),
            ('{"a": null}', questions(("a", ["x"])), "the answer to 'a' is None"),
            ('["x"]', questions(("a", ["x"])), "holds a JSON list"),
            ('{"a": NaN}', questions(("a", ["x"])), "holds NaN, which is no number"),
            ('{"a": "x"}', questions(("a", [])), "'a' has no gold answer"),
            ('{"a": "x"}', '{"data": [{"title": ""}]}', "not in SQuAD's layout"),
            ('{"a": "x"}', '{"rows": []}', "not in SQuAD's layout"),
            ('{"a": "x"}', '{"data": []}', "holds no question"),
        ],
    )
    def test_wrong_files_are_refused_in_a_sentence(self, tmp_path, prediction, label, message):
        with pytest.raises(UserError, match=message):
            score(tmp_path, "xquad", prediction, label)


class TestUnanswerable:
    GOLD = (("a", ["x"]), ("b", []), ("c", ["y z"]))

    def test_no_answer_is_right_where_there_is_none(self, tmp_path):
        metrics = score(tmp_path, "squad_v2", '{"a": "x", "b": "", "c": ""}', questions(*self.GOLD), "en")
        assert metrics == {"exact_match": pytest.approx(200 / 3), "f1": pytest.approx(200 / 3)}

    def test_predictions_of_other_questions_are_refused(self):
        with pytest.raises(UserError, match="the ids differ"):
            answers.squad_v2([("a", ["x"])], {"z": "x"}, "en")


class TestRetrieval:
    def test_mined_pairs_are_sets_and_their_number_may_differ(self, tmp_path):
        gold = "de-1\ten-1\nde-2\ten-2\n"
        found = "de-1\ten-1\nde-1\ten-1\nde-3\ten-2\nde-4\ten-4\n"
        expected = {"precision": pytest.approx(100 / 3), "recall": 50.0, "f1": pytest.approx(40.0)}
        assert score(tmp_path, "bucc2018", found, gold) == expected

    def test_nothing_mined_scores_nothing(self, tmp_path):
        zero = {"f1": 0.0, "precision": 0.0, "recall": 0.0}
        assert score(tmp_path, "bucc2018", "", "de-1\ten-1\n") == zero

    def test_a_line_with_another_number_of_columns_is_named(self, tmp_path):
        with pytest.raises(UserError, match=r"test-de.tsv, line 2, has 3 columns"):
            score(tmp_path, "bucc2018", "de-1\ten-1\nde-2\ten-2\t0.9\n", "de-1\ten-1\n")

    @pytest.mark.parametrize(
        ("found", "message"),
        [
            ("en-1\tde-1\nen-2\tde-2\n", "line 1, holds ids of 'en' and 'de', where"),
            ("de-1\ten-1\nen-9\tde-8\n", "line 2, holds ids of 'en' and 'de'"),
            ("de-1\tde-2\n", "line 1, holds ids of 'de' and 'de'"),
            ("fr-1\ten-1\n", "line 1, holds ids of 'fr' and 'en'"),
            ("source\ttarget\nde-1\ten-1\n", "line 1, names its columns"),
        ],
    )  # fmt: skip
    def test_columns_in_another_order_are_refused(self, tmp_path, found, message):
        with pytest.raises(UserError, match=rf"predictions.*{message}"):
            score(tmp_path, "bucc2018", found, "de-1\ten-1\nde-2\ten-2\n")

    def test_columns_in_another_order_show_where_ids_do_not_tell(self, tmp_path):
        for gold in ("1\t5\n2\t6\n", "x-source-1\tx-target-5\nx-source-2\tx-target-6\n"):
            swapped = "".join("\t".join(line.split("\t")[::-1]) + "\n" for line in gold.splitlines())
            with pytest.raises(UserError, match=r"predictions.* has its columns the other way round"):
                score(tmp_path, "bucc2018", swapped, gold)
        # Each side may count its own sentences.
        assert score(tmp_path, "bucc2018", "1\t5\n6\t2\n", "1\t5\n2\t6\n")["f1"] == 50.0

    def test_rankings_of_other_queries_are_refused(self, tmp_path):
        for task in ("lareqa", "mewslix"):
            with pytest.raises(UserError, match=r"None of the ids of .*predictions.* is one of .*labels"):
                score(tmp_path, task, '{"0": ["e1"]}', '{"q": ["e1"]}')

    def test_average_precision_by_hand(self):
        # Right ones at ranks 1 and 3 of two that could be right; a repeated candidate counts once.
        assert retrieval.average_precision(["a", "x", "b"], ["a", "b"], 20) == pytest.approx((1 + 2 / 3) / 2)
        assert retrieval.average_precision(["a", "a"], ["a", "b"], 20) == 0.5
        assert retrieval.average_precision(["x", "a"], ["a"], 1) == 0.0

    def test_with_one_right_candidate_map_is_the_mean_reciprocal_rank(self, tmp_path):
        ranked = {"q1": ["e1"], "q2": ["e9", "e2"], "q3": [f"e{i}" for i in range(100, 120)] + ["e3"]}
        gold = {"q1": ["e1"], "q2": ["e2"], "q3": ["e3"], "q4": ["e4"]}
        metrics = score(tmp_path, "mewslix", json.dumps(ranked), json.dumps(gold))
        # Ranks 1 and 2; the third lies beyond the twentieth, the fourth was never predicted.
        assert metrics == {"map@20": pytest.approx(100 * (1 + 1 / 2) / 4)}

    @pytest.mark.parametrize(
        ("prediction", "label", "message"),
        [
            ('{"q": "e1"}', '{"q": ["e1"]}', "where a list of ids is expected"),
            ('{"q": ["e1"]}', '{"q": []}', "names no right answer for 'q'"),
            ('{"q": ["e1"]}', "{}", "is empty"),
            (
                '{"q": [{"id": "e1"}]}',
                '{"q": ["e1"]}',
                "predictions.*'q' has {'id': 'e1'} where an id is expected",
            ),
            ('{"q": [1.0]}', '{"q": [1]}', "predictions.*'q' has 1.0 where an id is expected"),
        ],
    )
    def test_wrong_files_are_refused_in_a_sentence(self, tmp_path, prediction, label, message):
        with pytest.raises(UserError, match=message):
            score(tmp_path, "lareqa", prediction, label)


def whole(folder: Path, benchmark: str, leave_out: tuple[str, ...] = ()) -> tuple[Path, Path]:
    """Both sides of every task of a benchmark, all predictions right."""
    content = {"tsv": "0\n", "jsonl": '{"idx": 0, "label": 1}\n'}
    for task, languages in scoring.BENCHMARKS[benchmark].languages.items():
        rule = scoring.scorer(task)
        if "map@20" in rule.headline:
            pair = '{"q": ["e"]}', '{"q": ["e"]}'
        elif rule.suffix == "json":
            pair = '{"a": "x"}', questions(("a", ["x"]))
        elif "bucc" in task:
            pair = ("a\tb\n",) * 2
        elif task.endswith(("panx", "udpos")):
            pair = (("B-PER\n" if task.endswith("panx") else "NOUN\n"),) * 2
        else:
            pair = (content[rule.suffix],) * 2
        if task not in leave_out:
            lay_out(folder, task, dict.fromkeys(languages, pair[0]), dict.fromkeys(languages, pair[1]))
    return folder / "predictions", folder / "labels"


class TestBenchmark:
    @pytest.mark.parametrize("benchmark", ["xtreme", "xtreme-r"])
    def test_a_complete_folder_has_a_score(self, tmp_path, benchmark):
        report = scoring.score_benchmark(*whole(tmp_path, benchmark), benchmark)
        assert report["score"] == pytest.approx(100.0)
        assert set(report["groups"]) == set(scoring.BENCHMARKS[benchmark].groups)
        assert json.loads(json.dumps(report)) == report

    def test_a_missing_task_leaves_score_and_group_open(self, tmp_path):
        report = scoring.score_benchmark(*whole(tmp_path, "xtreme", leave_out=("panx", "mlqa")), "xtreme")
        assert report["score"] is None
        assert set(report["groups"]) == {"classification", "retrieval"}
        assert "panx" not in report["tasks"]

    def test_a_task_is_the_mean_over_languages(self, tmp_path):
        sides = lay_out(
            tmp_path, "tatoeba", {"de": "1\n2\n", "fr": "1\n1\n"}, {"de": "1\n2\n", "fr": "1\n2\n"}
        )
        report = scoring.score_benchmark(*sides, "xtreme")["tasks"]["tatoeba"]
        assert report["averages"] == {"accuracy": 75.0}
        assert report["score"] == 75.0
        assert "ar" in report["missing"]
        assert "de" not in report["missing"]

    def test_a_task_that_lacks_languages_enters_no_group(self, tmp_path):
        sides = whole(tmp_path, "xtreme")
        for side in sides:
            (side / "xnli" / "test-sw.tsv").unlink()
        report = scoring.score_benchmark(*sides, "xtreme")
        assert report["tasks"]["xnli"]["missing"] == ["sw"]
        assert report["score"] is None
        assert "classification" not in report["groups"]

    def test_a_language_without_predictions_is_named(self, tmp_path):
        predictions, labels = whole(tmp_path, "xtreme")
        (predictions / "xnli" / "test-sw.tsv").unlink()
        with pytest.raises(UserError, match=r"test-sw.tsv is missing \(languages without predictions: sw\)"):
            scoring.score_benchmark(predictions, labels, "xtreme")

    def test_a_language_without_labels_is_named(self, tmp_path):
        predictions, labels = whole(tmp_path, "xtreme")
        (labels / "xnli" / "test-sw.tsv").unlink()
        with pytest.raises(UserError, match=r"labels.xnli.test-sw.tsv is missing"):
            scoring.score_benchmark(predictions, labels, "xtreme")

    def test_folders_without_anything_to_score_are_refused(self, tmp_path):
        (tmp_path / "empty").mkdir()
        with pytest.raises(UserError, match="none of xtreme's tasks"):
            scoring.score_benchmark(tmp_path / "empty", tmp_path / "empty", "xtreme")
        with pytest.raises(UserError, match="is no folder"):
            scoring.score_benchmark(tmp_path / "nowhere", tmp_path, "xtreme")
        with pytest.raises(UserError, match="did you mean 'xtreme'"):
            scoring.score_benchmark(tmp_path, tmp_path, "extreme")
        with pytest.raises(UserError, match="no task 'xnil'"):
            scoring.score_task("xnil", tmp_path, tmp_path)
        with pytest.raises(UserError, match="has no prediction files"):
            scoring.scorer("mini_text")

    def test_predictions_without_a_label_folder_are_refused(self, tmp_path):
        predictions, labels = lay_out(tmp_path, "xnli", {"de": "neutral\n"}, {})
        (labels / "xnli").rmdir()
        with pytest.raises(UserError, match="has no folder xnli"):
            scoring.score_benchmark(predictions, labels, "xtreme")

    def test_every_benchmark_language_is_one_of_the_tasks(self):
        from xstilts_lib.tasks import TASKS

        for benchmark in scoring.BENCHMARKS.values():
            for task, languages in benchmark.languages.items():
                assert set(languages) <= set(TASKS[task].languages), task

    def test_every_scored_task_of_the_table_has_a_scorer(self):
        from xstilts_lib.tasks import TASKS

        for name, row in TASKS.items():
            if row.metric != "perplexity":
                assert scoring.scorer(name).suffix in ("tsv", "json", "jsonl")


class TestExamples:
    CASES = (
        ("xnli", "neutral\nneutral\nentailment\n", "neutral\nentailment\nentailment\n", 3),
        ("xquad", '{"a": "the x y"}', questions(("a", ["x"]), ("b", ["z"])), 2),
        ("mlqa", '{"a": "der x y", "b": "z"}', questions(("a", ["x"]), ("b", ["z"])), 2),
        ("squad_v2", '{"a": "x y", "b": ""}', questions(("a", ["x"]), ("b", [])), 2),
        ("mewslix", '{"q": ["e2", "e1"]}', '{"q": ["e1"], "r": ["e1"]}', 2),
    )

    @pytest.mark.parametrize(("task", "prediction", "label", "rows"), CASES)
    def test_their_mean_is_the_score(self, tmp_path, task, prediction, label, rows):
        sides = lay_out(tmp_path, task, {"de": prediction}, {"de": label})
        values = scoring.example_scores(task, *sides, "de")
        assert values.dtype == np.float64
        assert values.shape == (rows,)
        expected = scoring.headline(scoring.score_task(task, *sides)["de"], task)
        assert values.mean() == pytest.approx(expected)

    @pytest.mark.parametrize("task", ["panx", "udpos", "mini_ccg", "bucc2018"])
    def test_a_score_that_is_no_mean_over_examples_has_none(self, tmp_path, task):
        assert scoring.example_scores(task, tmp_path, tmp_path, "de") is None


def test_importing_the_scores_imports_nothing_heavy():
    heavy = "{'torch', 'numpy', 'pandas', 'seqeval', 'sklearn', 'transformers', 'datasets'}"
    code = f"import sys, xstilts_lib.scoring; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
