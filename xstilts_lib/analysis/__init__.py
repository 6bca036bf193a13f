"""What the chapters compute and draw, from the results table alone; functions return data or a Figure.

>>> from xstilts_lib import results
>>> from xstilts_lib.analysis import gains, signature
>>> scores = gains.scores(results.load(experiment))                 # doctest: +SKIP
>>> signature.table(signature.checks(scores))                       # doctest: +SKIP

From the table: `gains` goes from scores to gains, `designs` selects what a question asks for and compares,
`kinds` tells recipes apart by their names, `training` reads what runs left behind.

Numbers: `statistics` has means, tests and corrections, `crossed` intervals over seeds, languages and examples
at once, `dominance` the order of whole distributions; beside them stand `mixed` (several causes at once),
`scaling` (lines over sizes) and `power` (how many seeds would settle it).

Languages: `typology` has their properties and pairs, `atlas` the facts of real ones.

Verdicts: `verdicts` holds the rules, `claims` lists what others found and what this book asks and puts it to
a table of results, `claims_tasks`, `claims_sizes` and `claims_designs` test it, `signature` checks the
study's pattern, `published` has the numbers that others report.

Showing: `answers` makes the tables and sentences of the chapters, `wording` turns numbers into text,
`figures` and `curves` draw.
"""
