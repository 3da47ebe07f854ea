"""The language: DANLU_LANG, then the locale's variables, then English."""

import pytest

from danlu.core.language import Text, language, say, say_in

VARIABLES = ("DANLU_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"DANLU_LANG": "zh"}, "zh"),
        ({"DANLU_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"DANLU_LANG": "ZH"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_CN.GBK", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_language(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], expected: str) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_say_fills_the_placeholders(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Text("{count} tokens", "{count} 个词元")
    assert say_in("zh", text, count=3) == "3 个词元"
    monkeypatch.setenv("DANLU_LANG", "en")
    assert say(text, count=3) == "3 tokens"
