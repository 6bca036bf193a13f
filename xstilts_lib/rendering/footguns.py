"""What the traps of the field cost, computed where that can be done while a page is built.

Each part is a paragraph or a table of the page on footguns, by the trap's name. What was counted by others
stands in that page with its source; what needs the publisher's text is counted where a copy is at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..scoring import answers, retrieval, tags
from ..sources import xcopa
from ..sources.miniature import MiniatureSource
from ..sources.real import RealSource
from ..tasks import NLI, TASKS
from . import markup

# Test sentences of google/xtreme's parts of speech, as the Hub states them; its treebanks were chosen by a
# part of their name.
POLLUTED = {"el": 2_809, "fr": 9_465, "zh": 5_528, "ru": 11_336, "de": 22_458}
# Rows of its PAWS-X that are left of 2,000, and of which split.
UNQUOTED = {"es": ("dev", 1_961), "fr": ("dev", 1_988), "ko": ("test", 1_999)}
# English sentences of BUCC's test sets, among which the partners have to be found (mteb/BUCC on the Hub).
ENGLISH_SIDES = {"de": 399_337, "fr": 369_810, "ru": 558_401, "zh": 88_860}
VOCABULARY, MASKED = 250_002, 0.15  # XLM-R's, and its share of masked words
# (language, right answer, given answer): an article too few, marks that ASCII lacks, no spaces to split at.
_ANSWERS = (
    ("en", "the river", "river"),
    ("de", "der Fluss", "Fluss"),
    ("es", "«el río»", "río"),
    ("zh", "长江下游", "长江"),
)
_EVERY = 10


def parts(world: MiniatureSource, source: RealSource | None) -> dict[str, str]:
    """The computed parts of the page on footguns, by name."""
    return {
        "trap_nine_languages": nine_languages(),
        "trap_offsets": offsets(source),
        "trap_questions": questions(source),
        "trap_treebanks": treebanks(),
        "trap_quotes": quotes(),
        "trap_spelling": spelling(),
        "trap_sorted": alphabetical(),
        "trap_parts_of_speech": parts_of_speech(world),
        "trap_entities": entities(),
        "trap_normalisation": normalisation(),
        "trap_gold_only": gold_only(),
        "trap_masked": masked(),
    }


def nine_languages() -> str:
    """How much of TyDiQA's training file is English."""
    found = {key: number for key, number in TASKS["tydiqa"].sizes.items() if key.startswith("train/")}
    english, every = found["train/en"], sum(found.values())
    return (
        f"Of the {every:,} training questions of the file, {english:,} are English: {english / every:.1%}. "
        f"Whoever takes all of them trains on {every / english:.1f} times as many questions, in each of the "
        f"{len(found)} languages that are evaluated, and zero-shot transfer is no longer measured."
    )


def offsets(source: RealSource | None) -> str:
    """How many answers a strip of the context shifts, in the copy at hand."""
    places = [("tydiqa", "train"), ("xquad", "test"), ("mlqa", "dev")]
    rows = []
    for name, split in places if source is not None and source.kind == "files" else ():
        for language in source.held(name, split):
            found = source.rows(name, split, language)
            shifted = sum(_shifted(row["context"], row["answers"]) for row in found)
            if shifted:
                rows.append([markup.code(name), split, language, f"{len(found):,}", f"{shifted:,}",
                             f"{shifted / len(found):.1%}"])  # fmt: skip
    if not rows:
        return "No copy of these sets was at hand when this page was built, so nothing was counted here."
    caption = "Questions whose answer no longer stands at its offset once the context has been stripped."
    header = ["Task", "Split", "Language", "Questions", "Shifted", "Share"]
    return markup.table(header, rows, caption, "table-trap-offsets")


def _shifted(context: str, found: Mapping[str, Sequence]) -> bool:
    stripped = context.strip()
    places = zip(found["text"], found["start"], strict=True)
    return any(stripped[start : start + len(text)] != text for text, start in places)


def questions(source: RealSource | None) -> str:
    """How many rows of XCOPA, in the copy at hand, ask for another word than their translations do."""
    rows = []
    task = TASKS["xcopa"]
    for split in ("dev", "test") if source is not None and source.kind == "files" else ():
        for language in source.held(task.name, split):
            raw, report = source.open(task, split, language)
            others = source.questions(task, split, language)
            number = len(list(xcopa.compared(raw, report, others, repair=True)))
            if report.repaired:
                share = f"{report.repaired / number:.1%}"
                rows.append([split, language, f"{number:,}", f"{report.repaired:,}", share])
    if not rows:
        return (
            "No copy in enough languages was at hand when this page was built, so nothing was counted here."
        )
    caption = "Rows of XCOPA that ask for another of cause and effect than most of the other languages do."
    return markup.table(["Split", "Language", "Rows", "Asked otherwise", "Share"], rows, caption,
                        "table-trap-questions")  # fmt: skip


def treebanks() -> str:
    """What the Hub's copy of the parts of speech holds beyond XTREME's test sets."""
    rows = []
    for language, number in POLLUTED.items():
        right = TASKS["udpos"].size("test", language)
        assert right is not None
        rows.append([language, f"{right:,}", f"{number:,}", f"{(number - right) / number:.0%}"])
    caption = (
        "Test sentences of XTREME's parts of speech, and of a copy that picks treebanks by part of a name."
    )
    header = ["Language", "XTREME", "The copy", "Not of this language, or not of XTREME"]
    return markup.table(header, rows, caption, "table-trap-treebanks")


def quotes() -> str:
    """How many rows of PAWS-X a reader that trusts quotes loses."""
    published = TASKS["pawsx"].sizes
    lost = [
        f"{published[split] - number} of {published[split]:,} ({language}, {split})"
        for language, (split, number) in UNQUOTED.items()
    ]
    return f"Of the copy on the Hub that was made so, these rows are gone: {', '.join(lost)}."


def spelling() -> str:
    """The best accuracy that is left where one label is never right."""
    return (
        f"With {len(NLI)} labels of equal number, a model that is always right would score "
        f"{1 - 1 / len(NLI):.1%} where one of them is spelt in two ways. It looks like a bad model, not like "
        "a bad file."
    )


def alphabetical() -> str:
    """What chance finds among sentences whose order was lost."""
    size = TASKS["tatoeba"].size("test", "de")
    assert size is not None
    return (
        f"Scored line by line against a side in another order, a perfect encoder would be right once in "
        f"{size:,} sentences on average: {1 / size:.1%}."
    )


def parts_of_speech(world: MiniatureSource) -> str:
    """The two scores of the same mistakes, on the miniature's English development set."""
    gold = [row["tags"] for row in world.rows("mini_udpos", "dev", "en")]
    count = 0
    wrong = []
    for sentence in gold:
        line = []
        for tag in sentence:
            count += 1
            line.append(("NOUN" if tag != "NOUN" else "VERB") if count % _EVERY == 0 else tag)
        wrong.append(line)
    scores = tags.pos(gold, wrong, "en")
    return (
        f"In the miniature's English development set, {count:,} words, let every {_EVERY}th tag be wrong: "
        "NOUN instead of another, VERB instead of NOUN. Token accuracy is then "
        f"{scores['token_accuracy']:.1f}, and the score that XTREME reports {scores['f1']:.1f}."
    )


def entities() -> str:
    """An entity with and without a beginning, as the benchmark scores it and as a strict reader does."""
    gold, given = [["I-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "B-LOC"]]
    lenient = tags.entity_f1(gold, given, "en")["f1"]
    strict = retrieval.pair_metrics(*map(_begun, (gold, given)))["f1"]
    return (
        f"Gold {markup.code(' '.join(gold[0]))} against {markup.code(' '.join(given[0]))}: {lenient:.1f} as "
        f"the benchmark scores it, {strict:.1f} with a strict reading."
    )


def _begun(sentences: tags.Sentences) -> set[tags.Entity]:
    """The entities of one sentence that begin with B-, as a strict reader (IOB2) finds them."""
    (only,) = sentences
    return {entity for entity in tags.entities(sentences) if only[entity[1]].startswith("B-")}


def normalisation() -> str:
    """The same answers under both normalisations."""
    rows = []
    for language, right, given in _ANSWERS:
        gold, predicted = [("q", [right])], {"q": given}
        found = (answers.squad(gold, predicted, language), answers.mlqa(gold, predicted, language))
        cells = [f"{score['f1']:.0f} / {score['exact_match']:.0f}" for score in found]
        shown = [markup.foreign(text, language) for text in (right, given)]
        rows.append([language, *shown, *cells])
    header = ["Language", "Right answer", "Given answer", "As SQuAD, F1 / EM", "As MLQA, F1 / EM"]
    caption = "The same answer, scored with SQuAD's normalisation and with MLQA's."
    return markup.table(header, rows, caption, "table-trap-normalisation")


def gold_only() -> str:
    """How few of BUCC's sentences have a partner at all."""
    shares = {
        language: TASKS["bucc2018"].sizes[f"test/{language}"] / number
        for language, number in ENGLISH_SIDES.items()
    }
    said = ", ".join(f"{share:.1%} ({language})" for language, share in shares.items())
    return (
        f"Of the English sentences of the test sets, so many have a partner: {said}. A set that was cut "
        "down to the pairs leaves nothing to mine, and needs no threshold."
    )


def masked() -> str:
    """What scoring every position costs in pretraining."""
    return (
        f"With XLM-R's vocabulary of {VOCABULARY:,} pieces and {MASKED:.0%} of the positions masked, scores "
        f"at every position are {1 / MASKED:.1f} times as many as are used."
    )
