"""What the chapters compute and draw, from the results table alone; functions return data or a Figure.

>>> from xstilts_lib.runs import results
>>> from xstilts_lib.analysis import claims, gains
>>> table = results.load(experiment)                                # doctest: +SKIP
>>> gains.summary(gains.over_languages(gains.gains(gains.scores(table))))   # doctest: +SKIP
>>> claims.table(claims.judged(table))                              # doctest: +SKIP

From the table: `gains` goes from scores to gains, `designs` selects what a question asks for and compares,
`kinds` tells recipes apart by their names, `training` reads and draws what runs left behind.

Numbers: `statistics` has means, tests, corrections, slopes and the order of whole distributions, `crossed`
intervals over seeds, languages and examples at once, `mixed` several causes at once. `typology` has what is
known of languages, and pairs of them.

Verdicts: `verdicts` holds the rules, `claims` lists what others found and what this book asks, puts it to a
table of results, and has the numbers that others report; `claims_tasks` and `claims_designs` test it.

Showing: `answers` makes the tables and sentences of the chapters, `wording` turns numbers into text,
`figures` draws.
"""
