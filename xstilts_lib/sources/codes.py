"""Language codes: the benchmarks write ISO 639-1, publishers' files and repositories other things."""

from __future__ import annotations

from collections.abc import Mapping

# ISO 639-1, as XTREME writes languages, and ISO 639-3, as Tatoeba's files are named.
_PAIRS = (
    "af:afr ar:ara az:aze bg:bul bn:ben de:deu el:ell en:eng es:spa et:est eu:eus fa:pes fi:fin fr:fra "
    "gu:guj he:heb hi:hin ht:hat hu:hun id:ind it:ita ja:jpn jv:jav ka:kat kk:kaz ko:kor lt:lit ml:mal "
    "mr:mar ms:msa my:mya nl:nld pa:pan pl:pol pt:por qu:que ro:ron ru:rus sw:swh ta:tam te:tel th:tha "
    "tl:tgl tr:tur uk:ukr ur:urd vi:vie wo:wol yo:yor zh:cmn"
)
ISO3: Mapping[str, str] = dict(pair.split(":") for pair in _PAIRS.split())
# TyDiQA names the language in the id of an example, `swahili-902381739-0`, and some of its files by it.
_TYDIQA = "ar:arabic bn:bengali en:english fi:finnish id:indonesian ko:korean ru:russian sw:swahili te:telugu"
TYDIQA: Mapping[str, str] = dict(pair.split(":") for pair in _TYDIQA.split())


def fill(pattern: str, language: str) -> str:
    """`pattern` with the codes of a language for `{language}`, `{iso3}` and `{tydiqa}`."""
    for place, codes in (("{language}", {}), ("{iso3}", ISO3), ("{tydiqa}", TYDIQA)):
        pattern = pattern.replace(place, codes.get(language, language))
    return pattern
