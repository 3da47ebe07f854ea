"""How often the language of a text is named rightly: ten languages, whole declarations, pieces and single lines.

    python benchmarks/language.py DECLARATIONS.jsonl.zst

DECLARATIONS has `lang` (ISO 639-3, `_` and more) and `text` in each line. Cantonese is not among them; sentences written
for this benchmark stand for it. Single lines hold headings such as "Article 2", which several languages share. Prints a
table of what each language was taken for and one line of JSON.
"""

import argparse
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import zstandard

from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.measures.language import measure

LANGUAGES = {
    "cmn_hans": "zh",
    "cmn_hant": "zh",
    "eng": "en",
    "jpn": "ja",
    "kor": "ko",
    "fra": "fr",
    "deu": "de",
    "spa": "es",
    "rus": "ru",
    "arb": "ar",
}
CANTONESE = """佢哋琴日喺屋企食飯，唔知你有冇嚟？
我哋今日去咗睇戲，啲人好多。
你食咗飯未呀？我仲未食。
呢個係乜嘢嚟㗎？我唔識。
佢話聽日唔使返工，可以瞓晏啲。
嗰間餐廳啲嘢好食，不過好貴。
我諗住下個禮拜去搵佢。
唔該借借，我要落車。
你咁夜仲喺度做乜嘢？
啲細路仔喺公園度玩得好開心。
我唔知點解佢成日都咁嬲。
攞多兩張凳嚟，唔夠位坐。
今朝落好大雨，我冇帶遮。
佢哋啱啱先至返到屋企。
呢本書係我畀你嘅，記住睇呀。
香港嘅天氣夏天好熱，冬天唔算凍。
學校嘅圖書館有好多書，學生可以喺嗰度借書。
你哋幾時得閒？我哋一齊飲茶啦。
佢冇講過呢件事，我都係今日先知。
啲車塞到郁唔到，不如搭地鐵啦。""".splitlines()
SIZES = (0, 1000, 200, 60)  # characters of a piece; 0: lines


def confusion(texts: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """For each language what its texts were taken for, the most frequent first."""
    return {
        name: dict(Counter(measure(TextBatch(list(some)))["language"]).most_common()) for name, some in texts.items()
    }


def pieces(text: str, size: int) -> list[str]:
    """Pieces of `size` characters (the last one at least half of it), or the lines with two letters or more."""
    if size:
        return [text[start : start + size] for start in range(0, len(text) - size // 2, size)]
    return [line for line in text.split("\n") if sum(map(str.isalpha, line)) > 1]


def main() -> None:
    """Reads the command line and prints the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("declarations", type=Path)
    arguments = parser.parse_args()
    whole: dict[str, list[str]] = {name: [] for name in LANGUAGES.values()}
    with arguments.declarations.open("rb") as file:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8"):
            row = json.loads(line)
            if row["lang"] in LANGUAGES:
                whole[LANGUAGES[row["lang"]]].append(row["text"])
    sets = {"whole": {**whole, "yue": ["\n".join(CANTONESE)]}}
    for size in SIZES:
        cut = {name: [piece for text in texts for piece in pieces(text, size)] for name, texts in whole.items()}
        sets[f"{size} characters" if size else "lines"] = {**cut, "yue": CANTONESE}
    result = {}
    for name, texts in sets.items():
        taken = confusion(texts)
        right = {tongue: counts.get(tongue, 0) / sum(counts.values()) for tongue, counts in taken.items()}
        result[name] = {tongue: round(share, 4) for tongue, share in right.items()}
        print(name)
        for tongue, counts in taken.items():
            shown = ", ".join(f"{other} {count}" for other, count in counts.items())
            print(f"  {tongue:4} {right[tongue]:7.2%}  {shown}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
