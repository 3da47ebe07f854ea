"""Lines of pages go, lines of text stay."""

import pytest

from danlu.corpus.cleaners.boilerplate import is_boilerplate, take_out


@pytest.mark.parametrize(
    "line",
    [
        "Home | About us | Contact us",
        "Skip to main content",
        "We use cookies to improve your experience. Learn more.",
        "Please enable JavaScript to view this page.",
        "Copyright © 2019 Example Ltd. All rights reserved.",
        "首页 > 关于我们",
        "上一篇",
        "【返回顶部】",
        "版权所有 某某公司 京ICP备12345678号",
        "请启用 JavaScript 后再试。",
        "下一頁",
    ],
)
def test_lines_of_pages_go(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Home is where the heart is.",
        "The browser sends cookies with each request.",
        "JavaScript is a programming language.",
        "Copyright law protects authors.",
        "首页显示最新的文章。",
        "著作权法规定，作品的版权所有人享有复制权。",
        "更多的人来到这里。",
        "搜索算法分为广度优先与深度优先。",
    ],
)
def test_lines_of_text_stay(line: str) -> None:
    assert not is_boilerplate(line)


def test_the_rest_of_the_text_is_as_before() -> None:
    cleaned = take_out("首页\n\n正文第一段。\nSign in\n正文第二段。\n")
    assert cleaned.text == "\n正文第一段。\n正文第二段。\n"
    assert cleaned.num_changes == 2
