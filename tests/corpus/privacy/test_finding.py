"""What is personal data and what only looks like it, in both languages."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from danlu.corpus.privacy.finding import KINDS, find_personal_data


def found(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.text) for finding in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("来信请寄zhang.san@qq.com，谢谢", "email", "zhang.san@qq.com"),
        ("Write to Jo.Doe+news@mail.co.uk.", "email", "Jo.Doe+news@mail.co.uk"),
        ("邮箱：li＠163.com", "email", "li＠163.com"),
        ("mailto:sophie@falcot.org?subject=x", "email", "sophie@falcot.org"),
        ("身份证号11010519491231002X已登记", "identity_number", "11010519491231002X"),
        ("号码 110105 19491231 002x。", "identity_number", "110105 19491231 002x"),
        ("旧身份证：110105491231002", "identity_number", "110105491231002"),
        ("统一社会信用代码91350100M000100Y43", "credit_code", "91350100M000100Y43"),
        ("My card is 4111 1111 1112 3447 ok", "card", "4111 1111 1112 3447"),
        ("credit card 378282246310005.", "card", "378282246310005"),
        ("卡号：6222021234567890128，工行", "bank_card", "6222021234567890128"),
        ("请致电13912345678。", "mobile", "13912345678"),
        ("手机+86-139-1234-5678", "mobile", "+86-139-1234-5678"),
        ("电话（010）62345678转8001", "phone", "（010）62345678转8001"),
        ("传真：0755-83456789", "phone", "0755-83456789"),
        ("Call (212) 736-5000 x12 now", "phone", "(212) 736-5000 x12"),
        ("Tel: +44 20 7946 1234", "phone", "+44 20 7946 1234"),
        ("来自 58.74.121.78 的访客", "ip", "58.74.121.78"),
        ("from 2606:2800:220:1:248:1893:25c8:1946 port", "ip", "2606:2800:220:1:248:1893:25c8:1946"),
        ("车牌粤B12345的轿车", "plate", "粤B12345"),
        ("（京A·D12345）", "plate", "京A·D12345"),
        ("停着一辆沪AD12345", "plate", "沪AD12345"),
    ],
)
def test_personal_data_is_found_with_its_whole_form(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "user@example.com, admin@host.example 与 me@localhost.test",
        "![logo](img/logo@2x.png)",
        "git clone git@github.com:org/project.git",
        "@property 与 @app.route",
        "身份证号110105194912310021",  # check digit
        "身份证号99010519491231002X",  # no such province
        "身份证号11010519491331002X",  # no such month
        "统一社会信用代码91350100M000100Y44",
        "订单号：4111111111111111",
        "card 4111111111111112",
        "卡号6222021234567890123",
        "手机12912345678",
        "订单编号13912345678",
        "https://news.example.cn/a/13912345678.html",
        "面积为 $13912345678$ 平方米",
        "0.13912345678",
        "call 1-800-273-8255",
        "火警电话“6660119”",
        "客服400-810-8888",
        "2023-05-12 14:30:00 电话会议",
        "Call it the war of 1914-1918",
        "版本 91.45.120.33",
        "见 3.1.2.1 节",
        "127.0.0.1 192.168.1.20 8.8.8.8 10.0.0.0/8",
        "192.0.2.17 and 2001:db8::1",
        "std::string 12:30:45 dead::beef",
        "阿里云A12345项目",
        "京A股1234",
        "股票代码沪A12345",
        "3.14159265358979323846",
        "[1, 22, 333, 4444, 55555, 666666]",
        "538 538 1075",
        "床前明月光，疑是地上霜。",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert found(text) == []


def test_words_around_decide_on_weak_forms() -> None:
    assert found("数字 62345678 出现两次") == []
    assert found("联系电话 62345678") == [("phone", "62345678")]
    assert found("build 11.1.3.1") == []
    assert found("client ip 11.1.3.1") == [("ip", "11.1.3.1")]


def test_places_are_in_order_and_apart() -> None:
    text = "邮箱a1@qq.com，手机13912345678，身份证11010519491231002X，卡号6222021234567890128。" * 3
    findings = find_personal_data(text)
    assert [finding.kind for finding in findings] == ["email", "mobile", "identity_number", "bank_card"] * 3
    assert all(one.end <= two.start for one, two in pairwise(findings))
    assert all(text[finding.start : finding.end] == finding.text for finding in findings)


def test_only_the_kinds_asked_for() -> None:
    text = "a1@qq.com 13912345678"
    assert [finding.kind for finding in find_personal_data(text, ["mobile"])] == ["mobile"]


@pytest.mark.parametrize("sign", "0+-(. @A9:京")
def test_long_runs_cost_little(sign: str) -> None:
    """Linear in the length: 200 kB of anything, and of it with digits, within the time limit of a test."""
    assert find_personal_data(sign * 200_000) == []
    find_personal_data((sign + "1") * 100_000)


def test_marked_english_sentences(shared_data: Path) -> None:
    kinds = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip", "CREDIT_CARD": "card"}
    rows = (shared_data / "tasks" / "pii_en_presidio_small.jsonl").read_text(encoding="utf-8").splitlines()
    wanted, places = set(), set()
    for number, row in enumerate(map(json.loads, rows)):
        wanted |= {
            (number, kinds[span["entity_type"]], span["start_position"], span["end_position"])
            for span in row["spans"]
            if span["entity_type"] in kinds
        }
        places |= {(number, f.kind, f.start, f.end) for f in find_personal_data(row["full_text"])}
    assert len(wanted) == 24
    assert places == wanted


def test_each_kind_has_its_name() -> None:
    assert all(name == kind.name for name, kind in KINDS.items())
