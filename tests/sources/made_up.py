"""A small data folder of made-up examples, in the layouts of the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def squad_json(paragraphs: list[dict[str, Any]]) -> str:
    """SQuAD JSON of one article."""
    return json.dumps(
        {"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}, ensure_ascii=False
    )


def paragraph(context: str, *questions: tuple[str, str, str, int]) -> dict[str, Any]:
    """A paragraph with (id, question, answer, offset) questions."""
    qas = [
        {"id": name, "question": question, "answers": [{"text": text, "answer_start": start}]}
        for name, question, text, start in questions
    ]
    return {"context": context, "qas": qas}


BRIDGE = "The bridge was built in 1901 by the town."
FILES: Mapping[str, str] = {
    "squad/train-v1.1.json": squad_json([paragraph(BRIDGE, ("q1", "When was it built?", "1901", 24))]),
    "squad/dev-v1.1.json": squad_json([paragraph(BRIDGE, ("q2", "Who built it?", "the town", 32))]),
    "xquad/xquad.de.json": squad_json(
        [paragraph("Die Brücke wurde 1901 gebaut.", ("q3", "Wann wurde sie gebaut?", "1901", 17))]
    ),
    "xquad/xquad.en.json": squad_json([paragraph(BRIDGE, ("q3", "When was it built?", "1901", 24))]),
    "udpos/train-en.tsv": "It\tPRON\nrains\tVERB\n.\tPUNCT\n\nRain\tNOUN\nfalls\tVERB\n",
    "udpos/dev-en.tsv": "Snow\tNOUN\nfalls\tVERB\n",
    "udpos/test-de.tsv": "Es\tPRON\nregnet\tVERB\n\n",
    "tatoeba/tatoeba.deu-eng.deu": "Es regnet.\nEs schneit.\n",
    "tatoeba/tatoeba.deu-eng.eng": "It rains.\nIt snows.\n",
    "xnli/dev-en.tsv": "A man sleeps.\tA man is awake.\tcontradiction\n",
}
