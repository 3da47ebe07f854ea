"""Settings of cleaners. They stand apart from them, so that reading settings loads none of their libraries (0.2 s)."""

from typing import Literal

from danlu.core.settings import Settings, setting
from danlu.corpus.privacy.settings import PrivacySettings


class UnicodeSettings(Settings):
    """What counts as damage."""

    ligatures: bool = setting(True, "spell out Latin ligatures such as U+FB01 (fi)", "拆开拉丁连字（如 U+FB01 即 fi）")
    spaces: bool = setting(
        True, "turn no-break and other odd Latin spaces into plain ones", "将不换行空格等特殊西文空格改为普通空格"
    )
    radicals: bool = setting(
        True,
        "turn radicals (U+2E80 to U+2FD5) within Chinese text into characters, as PDF files need",
        "将中文中的部首码位（U+2E80 至 U+2FD5，常见于 PDF）改为汉字",
    )
    html_entities: bool = setting(
        False, "decode HTML entities such as &amp; where no tag stands in the text", "解码 HTML 实体（文本不含标签时）"
    )


class ChineseScriptSettings(Settings):
    """Which Chinese script texts get."""

    conversion: Literal["t2s", "s2t", "s2tw", "s2twp", "s2hk", "tw2s", "tw2sp", "hk2s", "t2tw", "t2hk", "t2jp"] = (
        setting(
            "t2s",
            "a conversion of OpenCC: t traditional, s simplified, tw Taiwan, hk Hong Kong, p with phrases",
            "OpenCC 的转换方案：t 繁体，s 简体，tw 台湾，hk 香港，p 含词汇转换",
        )
    )


_ENGLISH = (
    "a about after all also an and any are as at be because been before being between both but by can could "
    "did do does doing down during each few for from further had has have having he her here hers him his how "
    "i if in into is it its just me more most my no nor not now of off on once only or other our out over own "
    "same she should so some such than that the their them then there these they this those through to too "
    "under until up very was we were what when where which while who whom why will with would you your it's "
    "don't"
)
_CHINESE = (
    "的 了 和 是 在 也 就 都 而 及 与 着 或 之 于 以 被 把 从 对 但 并 等 这 那 其 吗 呢 "
    "吧 啊 一个 我们 你们 他们 這 與 於 從 對 個 們 這個 那個 這些 那些 這樣 那樣 这个 那个 "
    "这些 那些 这样 那样 因为 所以 如果 但是 以及"
)


class StopWordSettings(Settings):
    """Which words carry no topic."""

    english: tuple[str, ...] = setting(
        tuple(_ENGLISH.split()),
        "English stop words, in lower case",
        "英文停用词（小写）",
    )
    chinese: tuple[str, ...] = setting(
        tuple(_CHINESE.split()),
        "Chinese stop words, as the word cutter gives them",
        "中文停用词（以分词结果为准）",
    )


class CleaningSettings(Settings):
    """Which cleaners run besides those of the preset, and how."""

    also: tuple[str, ...] = setting(
        (), "rows of CLEANERS that run besides those of the preset", "预设之外另行启用的清洗步骤（CLEANERS 的行）"
    )
    without: tuple[str, ...] = setting((), "cleaners of the preset that do not run", "预设中不运行的清洗步骤")
    chinese_script: ChineseScriptSettings = setting(ChineseScriptSettings, "simplified or traditional", "简体或繁体")
    stop_words: StopWordSettings = setting(StopWordSettings, "words that go", "要去除的词")
    unicode: UnicodeSettings = setting(UnicodeSettings, "characters that stand for others", "冒充他字的字符")
    privacy: PrivacySettings = setting(PrivacySettings, "personal data", "个人信息")
