"""What the chapters compute and draw, from the results table alone; functions return data or a Figure.

>>> from xstilts_lib import results
>>> from xstilts_lib.analysis import gains, signature
>>> scores = gains.scores(results.load(experiment))                 # doctest: +SKIP
>>> signature.table(signature.checks(scores))                       # doctest: +SKIP

`gains` goes from the table to gains, `statistics` from arrays to intervals and tests, `typology` knows
languages, `signature` gives verdicts, `wording` turns numbers into text, `figures` draws, `training` reads
what runs left behind.
"""
