"""Made-up values: of the same form, of nobody, the same for equal values, and not found again."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.privacy.checksums import credit_valid, identity_valid, luhn_valid
from danlu.corpus.privacy.finding import find_personal_data
from danlu.corpus.privacy.kind import digits_of
from danlu.corpus.privacy.replacing import protect
from danlu.corpus.privacy.settings import PrivacySettings

SURROGATE = PrivacySettings()
VALUES = {
    "email": "zhang.san@qq.com",
    "identity_number": "11010519491231002X",
    "credit_code": "91350100M000100Y43",
    "card": "4111 1111 1112 3447",
    "bank_card": "6222021234567890128",
    "mobile": "139-1234-5678",
    "phone": "010-62345678",
    "ip": "58.74.121.78",
    "plate": "粤B12345",
}
OTHERS = (
    "+44 20 7946 1234",
    "(212) 736-5000 x12",
    "001-420-335-7509x38548",
    "（0755）83456789转12",
    "021 212 133 2727",
    "62345678",
    "+86 13912345678",
    "110105491231002",
    "378282246310005",
    "2606:2800:220:1:248:1893:25c8:1946",
    "京A·D12345",
    "2127365000",
)
BEFORE = (
    "电话：",
    "手机",
    "call me at ",
    "身份证号 ",
    "卡号：",
    "bank account ",
    "IP地址",
    "车牌号",
    "id card ",
    "税号",
    "，",
    "",
)


def surrogate(kind: str) -> str:
    """The made-up value for that of VALUES."""
    before = {"phone": "电话", "plate": "车牌", "bank_card": "卡号"}.get(kind, "")
    cleaned = protect(f"{before}{VALUES[kind]}。", SURROGATE)
    assert cleaned.kinds == ((kind, 1),)
    return cleaned.text.removeprefix(before).removesuffix("。")


def test_forms_and_check_digits_are_right() -> None:
    made = {kind: surrogate(kind) for kind in VALUES}
    assert not set(made.values()) & set(VALUES.values())
    assert re.fullmatch(r"[a-z]+@example\.(com|net|org)", made["email"])
    assert identity_valid(made["identity_number"])
    assert made["identity_number"].startswith("99")
    assert credit_valid(made["credit_code"])
    assert re.fullmatch(r"9999 \d{4} \d{4} \d{4}", made["card"])
    assert luhn_valid(digits_of(made["card"]))
    assert luhn_valid(made["bank_card"])
    assert len(made["bank_card"]) == 19
    assert re.fullmatch(r"154-\d{4}-\d{4}", made["mobile"])
    assert re.fullmatch(r"010-00\d{6}", made["phone"])
    assert not ipaddress.ip_address(made["ip"]).is_global
    assert re.fullmatch(r".I\d{5}", made["plate"])


@given(
    st.lists(st.tuples(st.sampled_from(BEFORE), st.sampled_from((*VALUES.values(), *OTHERS))), min_size=1, max_size=6),
    st.sampled_from(("，", "\n", " and ", "；")),
)
def test_a_made_up_value_is_not_found_again(parts: list[tuple[str, str]], between: str) -> None:
    """In any order and with any words around: what once was replaced belongs to nobody."""
    text = between.join(before + value for before, value in parts)
    cleaned = protect(text, SURROGATE)
    assert find_personal_data(cleaned.text) == []
    assert cleaned.text.count(between) == text.count(between)


def test_equal_values_stay_equal_whatever_their_form() -> None:
    text = "手机13912345678，再拨139-1234-5678；另一人13712345678。邮箱A.B@qq.com与a.b@QQ.com"
    made = protect(text, SURROGATE).text
    numbers = re.findall(r"154[\d-]+", made)
    assert digits_of(numbers[0]) == digits_of(numbers[1]) != digits_of(numbers[2])
    first, second = re.findall(r"[a-z]+@[a-z.]+", made)
    assert first == second


def test_a_made_up_value_tells_nothing_of_the_real_one() -> None:
    """Another number in the same text gets the same made-up one: it depends on what is around, and on the seed."""
    one, two = (protect(f"我的手机是{number}。", SURROGATE).text for number in ("13912345678", "18687654321"))
    assert one == two
    assert protect("我的手机是13912345678。", PrivacySettings(seed=1)).text != one
    assert protect("你的手机是13912345678。", SURROGATE).text[5:] != one[5:]


def test_many_addresses_stay_apart() -> None:
    text = "\n".join(f"58.74.{number}.178" for number in range(64, 200))
    made = protect(text, SURROGATE).text.split("\n")
    assert len(set(made)) == len(made) == 136


def test_other_actions() -> None:
    text = "电话13912345678，邮箱ab@qq.com。"
    tagged = protect(text, PrivacySettings(action="tag"))
    assert tagged.text == "电话[mobile]，邮箱[email]。"
    counted = protect(text, PrivacySettings(action="count"))
    assert counted.text == text
    assert counted.kinds == tagged.kinds == (("email", 1), ("mobile", 1))
    assert protect(text, PrivacySettings(action="off")).num_changes == 0
    assert protect(text, PrivacySettings(kinds=("email",))).kinds == (("email", 1),)


@pytest.mark.parametrize("kind", VALUES)
def test_a_made_up_value_is_the_same_on_each_run(kind: str) -> None:
    assert surrogate(kind) == surrogate(kind)
