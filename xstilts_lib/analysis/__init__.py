"""What the chapters compute and draw, from the results table alone; functions return data or a Figure.

>>> from xstilts_lib.runs import results
>>> from xstilts_lib.analysis import claims, gains
>>> table = results.load(experiment)                                # doctest: +SKIP
>>> gains.summary(gains.over_languages(gains.gains(gains.scores(table))))   # doctest: +SKIP
>>> claims.table(claims.judged(claims.overview(table)))             # doctest: +SKIP

From the table: `study` has what is known of an experiment, or of one of its questions; `gains` goes from
scores to gains, `designs` compares recipes, `kinds` tells them apart by their names, `training` reads and
draws what runs left behind.

Numbers: `statistics` has means, tests, corrections, slopes, `crossed` intervals over seeds, languages and
examples at once, `mixed` several causes at once. `typology` has what is known of languages, and pairs of
them; `names` what an encoder finds of two hundred.

Verdicts: `verdicts` holds the rules, `claims` puts what others found and what this book asks (claims.csv) to
a table of results, beside the numbers that others report; `claims_tasks`, `claims_designs` and
`claims_languages` test it.

Showing: `answers` makes the tables and sentences of the chapters, `wording` turns numbers into text,
`figures` and `opening` draw, `picture` makes a figure a part of its page.
"""
