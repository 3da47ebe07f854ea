"""Generated good and bad text in Chinese and English: lessons against chatter, with enough words for n-grams to differ."""

import json
from pathlib import Path
from random import Random

SHARED_EN = ["the", "a", "of", "it", "this", "is", "and", "to", "in"]
# fmt: off
GOOD_EN = [
    "energy",
    "mass",
    "field",
    "therefore",
    "measure",
    "theory",
    "motion",
    "force",
    "particle",
    "equation",
    "history",
    "century",
    "empire",
]
# fmt: on
BAD_EN = ["lol", "omg", "click", "subscribe", "free", "cheap", "deal", "wow", "video", "buy", "now", "follow"]
SHARED_ZH = list("的是在有不一这上个")
GOOD_ZH = ["能量", "因此", "定理", "运动", "实验", "世纪", "制度", "结构", "方程", "观察"]
BAD_ZH = ["哈哈", "点击", "免费", "优惠", "关注", "转发", "秒杀", "楼主", "沙发", "呵呵"]


def passage(good: bool, chinese: bool, number: int) -> str:
    """One text of about 60 words; equal arguments give equal text."""
    random = Random(f"{good}/{chinese}/{number}")
    shared, own = (SHARED_ZH, GOOD_ZH if good else BAD_ZH) if chinese else (SHARED_EN, GOOD_EN if good else BAD_EN)
    words = [random.choice(own if random.random() < 0.5 else shared) for _ in range(60)]
    return ("" if chinese else " ").join(words) + ("。" if chinese else ".")


def write_side(path: Path, *, good: bool, count: int = 150, chinese: bool = True, english: bool = True) -> Path:
    """A file of JSON lines with `count` passages of each language asked for."""
    languages = [is_chinese for is_chinese, wanted in ((True, chinese), (False, english)) if wanted]
    texts = [passage(good, is_chinese, number) for is_chinese in languages for number in range(count)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    return path
