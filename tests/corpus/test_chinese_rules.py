"""What other programs get wrong for Chinese when they measure and judge it: each fault is a case that must hold here."""

import numpy as np
import pytest

from danlu.corpus import PRESETS
from danlu.corpus.judging import judge_texts
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.measures.published_repetition import measure as repetition
from danlu.corpus.rules.judge import rule
from danlu.corpus.settings import CorpusSettings

# Plain prose of several sentences and lines, written for these tests.
PROSE = """清晨的山谷里飘着一层薄雾，守炉的老人已经生起了火。他把昨夜晾干的木柴一根一根添进炉膛，看着火苗慢慢舔上来。
年轻的学徒提着水桶从溪边回来，裤脚都被露水打湿了。老人没有抬头，只是问他今天的水是不是比昨天更凉一些。
“比昨天凉，”学徒说，“可是天色很好，晒药材正合适。”他放下水桶，在石阶上坐了一会儿，听见远处传来了鸟叫声。
他们在这里已经住了三年，每年秋天都要把采来的草药按照气味和颜色分成许多小堆，再记在那本厚厚的册子上。
册子的第一页写着炼制的步骤，后面的每一页都写着失败的原因；老人常说，失败写得越清楚，以后的人走的弯路就越少。
傍晚的时候，炉火终于稳了下来，屋里充满了淡淡的松香。学徒合上册子，问明天要不要换一种木柴再试一次。
"""
OF_OTHERS = ("gopher", "c4", "fineweb", "fineweb2-zh", "map-neo-zh", "standard")


def reason(text: str, preset: str) -> object:
    """Why `preset` drops `text`; None: it is kept."""
    settings = CorpusSettings(preset=preset)
    return judge_texts([text], settings, fixed=[False]).reason_D.tolist()[0]


@pytest.mark.parametrize("preset", OF_OTHERS)
def test_plain_chinese_prose_is_kept_by_every_preset(preset: str) -> None:
    assert preset in PRESETS.names()
    assert reason(PROSE, preset) is None


def test_case_2_chinese_signs_stay_as_they_are() -> None:
    for preset in OF_OTHERS:
        stored = judge_texts([PROSE], CorpusSettings(preset=preset), fixed=[False]).batch.texts[0]
        for sign in "，。；“”":
            assert stored.count(sign) == PROSE.count(sign), (preset, sign)


def test_case_3_lines_that_end_in_chinese_signs_and_have_no_spaces_are_lines() -> None:
    judged = judge_texts([PROSE], CorpusSettings(preset="c4"), fixed=[False])
    assert judged.batch.texts[0] == PROSE.rstrip("\n")
    assert judged.columns["num_kept_lines"].tolist() == [6]


def test_case_4_chinese_characters_are_letters() -> None:
    columns = judge_texts([PROSE], CorpusSettings(preset="gopher"), fixed=[False]).columns
    assert columns["alphabetic_words"][0] > 0.75
    mine = judge_texts([PROSE], CorpusSettings(preset="standard"), fixed=[False]).columns
    assert mine[rule("letters").measure][0] == 1.0


def test_case_5_no_space_is_counted_between_chinese_words() -> None:
    found = repetition(TextBatch(["我们学习我们学习我们学习"]))
    assert found["gopher_top_2_gram"][0] == pytest.approx(1.0)


def test_case_6_what_stands_once_is_no_repetition() -> None:
    found = repetition(TextBatch(["这是一次测试。", "This is a test."]))
    assert not any(np.any(values) for values in found.values())


def test_case_10_stop_words_and_words_of_chinese_are_counted() -> None:
    columns = judge_texts([PROSE], CorpusSettings(preset="gopher"), fixed=[False]).columns
    assert columns["num_published_stop_words"][0] >= 2
    assert columns["num_published_words"][0] > 100


def test_case_11_the_rules_on_repetition_do_act() -> None:
    again = "今天天气很好我们去公园散步。" * 40
    assert str(reason(again, "map-neo-zh")).startswith("map_neo_")
    assert str(reason(again, "fineweb2-zh")) != "None"


def test_a_mixed_document_is_judged_in_both_units() -> None:
    english = (
        "The furnace burned all night, and in the morning the old man wrote down what he had seen. He had tried the same"
        " thing with other wood, and he thought that it would not be the same.\n"
    )
    mixed = PROSE + english * 3
    columns = judge_texts([mixed], CorpusSettings(preset="gopher"), fixed=[False]).columns
    assert columns["num_latin_words"][0] > 90
    assert columns["num_han_words"][0] > 90
    assert 3 <= columns["latin_word_length"][0] <= 10
    assert 1 <= columns["han_word_length"][0] <= 5
    long_words = PROSE + ("Donaudampfschifffahrtsgesellschaft " * 60 + "\n")
    assert reason(long_words, "gopher") is not None


def test_lists_tables_and_menus_are_dropped() -> None:
    menu = "首页\n新闻\n产品\n关于我们\n联系方式\n更多\n" * 12
    for preset in ("fineweb", "fineweb2-zh", "standard"):
        assert reason(menu, preset) is not None
