"""A small corpus of both languages with everything that can become of a document: kept, cut, mended, doubled, dropped."""

import json
from pathlib import Path

from danlu.corpus.pipeline import build_corpus
from danlu.corpus.settings import CorpusRuntime, CorpusSettings, ReadingSettings
from danlu.corpus.store import Corpus, open_corpus

READING = ReadingSettings(shard_bytes=16_384, cut_above=4096, segment_bytes=1024)


BOOK = "这一本书是用国标码写的，里面讲了一个故事。山里有一座庙，庙里有一个老和尚，他每天给小和尚讲同一个故事，讲了很多年也没有讲完。\n"


def sentence(number: int, length: int = 60) -> str:
    """A Chinese text of its own for each number."""
    rest = "".join(chr(0x4E00 + (number * 7919 + place * 104_729) % 5000) for place in range(length))
    return f"这是关于{rest[:10]}的一段文字，放在这里和别的不同：{rest[10:]}。"


def write_mixed_texts(folder: Path) -> Path:
    """Files whose documents meet every fate; the beginnings of some hold what no terminal should print."""
    from pydoc_data.topics import topics

    (folder / "books").mkdir(parents=True)
    chinese = [sentence(number) for number in range(60)]
    chinese[5] = "\x1b[2J" + chinese[5]
    english = [topics[name][:3000] for name in sorted(topics)[:40]]
    rows: list[object] = [{"text": text, "source": "web", "license": "CC0-1.0"} for text in (*chinese, *english)]
    rows += [{"text": chinese[7], "source": "copy"}, {"text": "尾" + chinese[7], "source": "copy"}]
    rows += [{"text": "太短了"}, {"text": "short"}, {"text": "menu | home | " * 60}, {"text": ""}, 7]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "web.jsonl").write_text("\n".join([*lines, "no json <b>&"]) + "\n", encoding="utf-8")
    (folder / "books" / "long.txt").write_text("\n\n".join(sentence(n) for n in range(1000, 1060)), encoding="utf-8")
    (folder / "books" / "gb.txt").write_bytes(BOOK.encode("gb18030"))
    return folder


def build_mixed_corpus(folder: Path, *, preset: str = "standard", **settings: object) -> Corpus:
    """The corpus of these texts in `folder / "corpus"`."""
    texts = folder / "texts"
    if not texts.exists():
        write_mixed_texts(texts)
    chosen = CorpusSettings.model_validate({"preset": preset, "reading": READING, **settings})
    build_corpus([texts], folder / "corpus", chosen, CorpusRuntime(executor="here"))
    return open_corpus(folder / "corpus")
