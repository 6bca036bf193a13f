"""The languages of each benchmark, as XTREME and XTREME-R list them, by ISO 639-1."""

from __future__ import annotations

Languages = tuple[str, ...]


def _codes(text: str) -> Languages:
    return tuple(text.split())


PAWSX = _codes("de en es fr ja ko zh")
XNLI = _codes("ar bg de el en es fr hi ru sw th tr ur vi zh")
XQUAD = _codes("en es de el ru tr ar vi th zh hi ro")
MLQA = _codes("en es de ar hi vi zh")
TYDIQA = _codes("en ar bn fi id ko ru sw te")
BUCC = _codes("de fr ru zh")
XCOPA = _codes("et ht id it qu sw ta th tr vi zh")
LAREQA = _codes("ar de el en es hi ru th tr vi zh")
MEWSLIX = _codes("ar de en es fa ja pl ro ta tr uk")
PANX = _codes(
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my "
    "zh kk tr et fi hu qu pl uk az lt pa gu ro"
)
UDPOS = _codes(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh "
    "lt pl uk wo ro"
)
TATOEBA = tuple(code for code in PANX if code not in _codes("en ms my yo qu pa gu"))
# Everything that any of them evaluates: languages to learn from.
TEXT = tuple(sorted({*XQUAD, *UDPOS, *PANX, *XCOPA}))
