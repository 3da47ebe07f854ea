"""Settings of cleaners. They stand apart from them, so that reading settings loads none of their libraries (0.2 s)."""

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


class CleaningSettings(Settings):
    """Which cleaners run besides those of the preset, and how."""

    also: tuple[str, ...] = setting(
        (), "rows of CLEANERS that run besides those of the preset", "预设之外另行启用的清洗步骤（CLEANERS 的行）"
    )
    without: tuple[str, ...] = setting((), "cleaners of the preset that do not run", "预设中不运行的清洗步骤")
    unicode: UnicodeSettings = setting(UnicodeSettings, "characters that stand for others", "冒充他字的字符")
    privacy: PrivacySettings = setting(PrivacySettings, "personal data", "个人信息")
