"""Language codes: the benchmarks write ISO 639-1, publishers' files other things."""

from __future__ import annotations

# ISO 639-1, as XTREME writes languages, to ISO 639-3, as Tatoeba's files are named.
ISO3 = dict(
    pair.split(":")
    for pair in (
        "af:afr ar:ara az:aze bg:bul bn:ben de:deu el:ell en:eng es:spa et:est eu:eus fa:pes fi:fin fr:fra gu:guj he:heb hi:hin "
        "ht:hat hu:hun id:ind it:ita ja:jpn jv:jav ka:kat kk:kaz ko:kor lt:lit ml:mal mr:mar ms:msa my:mya nl:nld pa:pan pl:pol "
        "pt:por qu:que ro:ron ru:rus sw:swh ta:tam te:tel th:tha tl:tgl tr:tur uk:ukr ur:urd vi:vie wo:wol yo:yor zh:cmn"
    ).split()
)
# NTREX-128 names a few languages more finely.
NTREX = {**ISO3, "ar": "arb", "sw": "swa", "zh": "zho-CN"}
# Written without spaces between words.
UNSPACED = frozenset({"zh", "ja", "th", "my"})
