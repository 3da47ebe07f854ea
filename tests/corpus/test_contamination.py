"""Evaluation text in a corpus: found in Chinese and English, dropped or counted, told item by item."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.artifacts import Artifact
from danlu.core.disk import read_json
from danlu.core.errors import DataError, UsageError
from danlu.core.settings import resolve
from danlu.corpus.contamination import RollingHashes, item_grams, load_grams, save_grams
from danlu.corpus.contamination_matching import Finder
from danlu.corpus.explain import explain
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.pipeline import CorpusRuntime, CorpusSettings, build_corpus
from danlu.corpus.report import report
from danlu.corpus.settings import ContaminationSettings, ReadingSettings
from danlu.corpus.store import open_corpus
from danlu.recipes.corpus import CorpusBuildSettings

CHINESE = (
    "小明从家里出发去学校，每分钟走六十米，走了十五分钟以后发现忘记带作业本，于是立刻返回家中去取，问他一共走了多少米？"
)
ENGLISH = (
    "A train leaves the old station at noon and travels north at sixty miles an hour; "
    "how far has it gone when the second train leaves three hours later?"
)
SHORT = "举头望明月，低头思故乡"
FILLER = "这是一段与题目毫无关系的普通文字，讲的是山间的茶园、清晨的雾气和采茶的老人。"


def shares(items: list[str], texts: list[str], **settings: Any) -> list[float]:
    """The largest share of one item that each text holds; 0 for nothing."""
    finder = Finder(item_grams(items, ContaminationSettings(**settings)))
    return np.nan_to_num(finder.find(TextBatch(texts), np.ones(len(texts), bool)).share_D).tolist()


def folder_of(tmp_path: Path) -> Path:
    texts = [
        f"{FILLER}{CHINESE}{FILLER}",
        f"Words before it. {ENGLISH.upper()} And words after.",
        f"{FILLER}第三篇，没有题目。",
        f"他念道：{SHORT}。{FILLER}第四篇。",
        f"{FILLER}{CHINESE[:40]}第五篇只有半道题。",
    ]
    (tmp_path / "texts").mkdir()
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    (tmp_path / "texts" / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    items = [
        json.dumps({"question": text}, ensure_ascii=False)
        for text in (CHINESE, ENGLISH, SHORT, "没出现过的另一道题目说的是别的事情", "太短")
    ]
    (tmp_path / "eval.jsonl").write_text("\n".join(items), encoding="utf-8")
    return tmp_path / "texts"


def build(tmp_path: Path, out: str = "out", executor: str = "here", **settings: Any) -> Artifact:
    chosen = {"against": (str(tmp_path / "eval.jsonl"),), "text_field": "question", **settings}
    return build_corpus(
        [tmp_path / "texts"],
        tmp_path / out,
        CorpusSettings(
            valid_share=0.0,
            reading=ReadingSettings(shard_bytes=1024),
            contamination=ContaminationSettings(**chosen),
        ),
        CorpusRuntime(executor=executor, processes=2),
    )


def test_case_9_a_chinese_item_without_spaces_is_found() -> None:
    """lm-eval's janitor splits at spaces: a Chinese item is one of its words, fewer than 13, and never found."""
    assert len(CHINESE.split()) == 1
    assert shares([CHINESE], [f"{FILLER}{CHINESE}", FILLER]) == [1.0, 0.0]


def test_an_english_item_is_found_by_13_words_and_not_by_12() -> None:
    words = ENGLISH.split()
    found = shares([ENGLISH], [" ".join(words[3:16]), " ".join(words[3:15])])
    assert found[0] == pytest.approx(1 / (len(words) - 12))
    assert found[1] == 0.0


def test_case_punctuation_and_line_ends_do_not_hide_an_item() -> None:
    worn = [ENGLISH.upper().replace(" ", " -- "), CHINESE.replace("，", "\n"), f"“{CHINESE}”"]
    assert shares([ENGLISH, CHINESE], worn) == [1.0, 1.0, 1.0]


def test_an_item_shorter_than_an_n_gram_is_matched_whole() -> None:
    assert shares([SHORT], [f"诗云：{SHORT}！", "举头望明月，低头思故人", SHORT[:6]]) == [1.0, 0.0, 0.0]
    assert shares(["so very few words"], ["these are so very few words here"]) == [0.0]
    assert shares(["so very few words"], ["these are so very few words here"], least_units=4) == [1.0]


def test_no_n_gram_reaches_over_two_documents() -> None:
    assert shares([CHINESE], [CHINESE[:18], CHINESE[18:36], CHINESE[36:50]]) == [0.0, 0.0, 0.0]


def test_what_many_items_share_is_a_template() -> None:
    template = "Answer the following question by choosing one of the letters that stand below it, and explain: "
    items = [f"{template}{'abcdefghijklmno'[number]} {ENGLISH[number:]}" for number in range(12)]
    assert shares(items, [template]) == [0.0]
    assert shares(items, [template], template_items=12)[0] > 0


@given(st.lists(st.text(alphabet="ab cd中文字，", min_size=0, max_size=40), min_size=1, max_size=6))
def test_rolling_hashes_are_equal_exactly_where_the_units_are(texts: list[str]) -> None:
    batch = TextBatch(texts)
    rolling = RollingHashes(batch)
    length = 3
    hashes = rolling.everywhere(length)
    stretches = [tuple(batch.unit_hashes_U[place : place + length].tolist()) for place in range(hashes.size)]
    assert len(set(hashes.tolist())) == len(set(stretches)) == len(set(zip(hashes.tolist(), stretches, strict=True)))
    places = np.arange(hashes.size)
    assert np.array_equal(rolling.at(places, np.full(places.size, length)), hashes)


def test_n_grams_come_back_from_disk(tmp_path: Path) -> None:
    grams = item_grams([CHINESE, ENGLISH, SHORT], ContaminationSettings())
    save_grams(tmp_path / "grams.npz", grams)
    loaded = load_grams(tmp_path / "grams.npz")
    assert loaded.prefix == grams.prefix
    assert np.array_equal(loaded.hashes_G, grams.hashes_G)
    assert np.array_equal(loaded.items_X, grams.items_X)


def test_contaminated_documents_go_and_the_report_tells_of_each_item(tmp_path: Path) -> None:
    folder_of(tmp_path)
    artifact = build(tmp_path)
    assert artifact.facts["dropped"] == {"contaminated": 4}
    assert artifact.facts["documents_in"] == artifact.facts["documents_kept"] + 4 == 5
    told = read_json(tmp_path / "out" / "contamination.json")
    assert {name: told[name] for name in told if name != "items"} == artifact.facts["contamination"]
    assert (told["num_items"], told["num_items_seen"], told["num_items_too_short"], told["num_documents"]) == (
        5,
        3,
        1,
        4,
    )
    items = {item["text"]: item for item in told["items"]}
    assert set(items) == {CHINESE, ENGLISH, SHORT}
    assert [item["share_seen"] for item in told["items"]] == [1.0, 1.0, 1.0]
    assert [named["share"] < 1 for named in items[CHINESE]["documents"]] == [False, True]
    assert items[CHINESE]["documents"][0]["source"] == "texts/a.jsonl"
    corpus = open_corpus(tmp_path / "out")
    explained = explain(corpus, items[SHORT]["documents"][0]["id"])
    assert (explained.reason, explained.value, explained.limit) == ("contaminated", 1.0, 0.0)
    assert [(leak["text"], leak["share"]) for leak in explained.leaks] == [(SHORT, 1.0)]
    shown = report(corpus)
    assert shown.contamination["num_items_seen"] == 3
    assert next(step for step in shown.steps if step.reason == "contaminated").num_documents == 4


def test_a_share_spares_documents_that_hold_less_of_an_item(tmp_path: Path) -> None:
    folder_of(tmp_path)
    artifact = build(tmp_path, share=0.7)
    assert artifact.facts["dropped"] == {"contaminated": 3}


def test_counting_keeps_the_documents(tmp_path: Path) -> None:
    folder_of(tmp_path)
    artifact = build(tmp_path, action="count")
    assert artifact.facts["dropped"] == {}
    assert artifact.facts["contamination"]["num_documents"] == 4


def test_the_same_bytes_with_workers_and_another_evaluation_file_is_another_corpus(tmp_path: Path) -> None:
    folder_of(tmp_path)
    first = build(tmp_path)
    assert build(tmp_path, "two", executor="processes").digest == first.digest
    assert build(tmp_path).digest == first.digest
    (tmp_path / "eval.jsonl").write_text(json.dumps({"question": ENGLISH}), encoding="utf-8")
    with pytest.raises(UsageError, match="evaluation files"):
        build(tmp_path)


def test_an_evaluation_file_without_items_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path)
    with pytest.raises(DataError, match="no_text_field"):
        build(tmp_path, text_field="prompt")
    with pytest.raises(UsageError, match=r"none\.jsonl"):
        build(tmp_path, against=(str(tmp_path / "none.jsonl"),))


@pytest.mark.parametrize(
    ("written", "names"), [("q.jsonl", ("q.jsonl",)), ('["a.txt", "b.csv"]', ("a.txt", "b.csv")), ("", ())]
)
def test_one_file_is_named_without_brackets(written: str, names: tuple[str, ...]) -> None:
    settings = resolve(CorpusBuildSettings, overrides=[f"corpus.contamination.against={written}"])
    assert settings.corpus.contamination.against == names
