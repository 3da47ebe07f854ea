"""Numbers that China gives to persons, companies and cars."""

import re
from datetime import date

from danlu.corpus.privacy.checksums import (
    CREDIT_CHARACTERS,
    credit_character,
    credit_valid,
    identity_character,
    identity_valid,
)
from danlu.corpus.privacy.kind import Certainty, Draw, Kind, pour, words

# GB/T 2260: first two digits of an area; 81 to 83 are residence permits of Hong Kong, Macao and Taiwan, 91 foreigners.
_PROVINCES = frozenset(
    f"{region}{place}"
    for region, places in enumerate(("", "12345", "123", "1234567", "123456", "01234", "12345", "1", "123", "1"))
    for place in places
)
NOWHERE = "99"  # no province has it, so a made-up number belongs to nobody

_IDENTITY = re.compile(r"(?<![0-9A-Za-z.\-])(?:\d{6} ?\d{8} ?\d{3}[\dXx]|\d{15})(?![0-9A-Za-z]|[.\-]\d)", re.ASCII)


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= date(int(year), int(month), int(day)).year < 2100
    except ValueError:
        return False


def _judge_identity(found: re.Match[str]) -> Certainty:
    number = found.group().replace(" ", "").upper()
    if len(number) == 15:  # until 1999: no check digit, years of the 20th century
        born = _is_date("19" + number[6:8], number[8:10], number[10:12])
        if number[:2] == NOWHERE:
            return Certainty.RESERVED if born else Certainty.NONE
        return Certainty.WEAK if number[:2] in _PROVINCES and born else Certainty.NONE
    if not _is_date(number[6:10], number[10:12], number[12:14]) or not identity_valid(number):
        return Certainty.NONE
    if number[:2] == NOWHERE:
        return Certainty.RESERVED
    return Certainty.STRONG if number[:2] in _PROVINCES else Certainty.NONE


def _invent_identity(text: str, drawn: Draw) -> str:
    area = NOWHERE + drawn.digits(4)
    born = f"{drawn.below(60, 2) + 40:02}{drawn.below(12, 3) + 1:02}{drawn.below(28, 4) + 1:02}"
    order = f"{drawn.below(1000, 5):03}"
    if len(text.replace(" ", "")) == 15:
        return pour(text, area + born + order)
    number = f"{area}19{born}{order}"
    return pour(text, number + identity_character(number))


IDENTITY_NUMBER = Kind(
    name="identity_number",
    trigger="digits",
    pattern=_IDENTITY,
    judge=_judge_identity,
    value=lambda text: text.replace(" ", "").upper(),
    invent=_invent_identity,
    lifts=words("id(?: card| number| no)?|identity(?: card)?|resident", "身份证|证件|公民身份"),
)

# GB 32100-2015, table 1: who registers, and the kind of what is registered.
_CREDIT = re.compile(rf"(?<![0-9A-Za-z.\-])[1-9ANY][0-9A]\d{{6}}[{CREDIT_CHARACTERS}]{{10}}(?![0-9A-Za-z])", re.ASCII)


def _judge_credit(found: re.Match[str]) -> Certainty:
    code = found.group()
    if not credit_valid(code):
        return Certainty.NONE
    if code[2:4] == NOWHERE:
        return Certainty.RESERVED
    # 10 stands for the whole country.
    if code[2:4] not in _PROVINCES and code[2:4] != "10":
        return Certainty.NONE
    return Certainty.PLAIN if code.isdecimal() else Certainty.STRONG


def _invent_credit(_: str, drawn: Draw) -> str:
    body = "".join(CREDIT_CHARACTERS[drawn.below(31, place)] for place in range(7))
    code = f"91{NOWHERE}{drawn.digits(4)}MA{body}"
    return code + credit_character(code)


CREDIT_CODE = Kind(
    name="credit_code",
    trigger="digits",
    pattern=_CREDIT,
    judge=_judge_credit,
    value=lambda text: text,
    invent=_invent_credit,
    lifts=words("uscc|credit code|tax(?: id| number)?", "信用代码|税号|纳税人识别号|执照"),
    lowers=words("orders?|serial", "订单|单号|流水|序列号"),
)

PROVINCE_SIGNS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS = "A-HJ-NP-Z"
# GA 36-2018: five signs, or six on green plates; I is on none.
_PLATE = re.compile(
    rf"(?P<word>[\u4e00-\u9fff])?(?P<plate>[{PROVINCE_SIGNS}][A-Z](?P<dot>[·•・∙])?"
    rf"(?:[DF][{_LETTERS}0-9]\d{{4}}|\d{{5}}[DF]|[{_LETTERS}0-9]{{4}}[{_LETTERS}0-9挂学警港澳]))(?![0-9A-Za-z])",
    re.ASCII,
)


def _judge_plate(found: re.Match[str]) -> Certainty:
    plate = found.group("plate")
    if plate[1] == "I":
        return Certainty.RESERVED
    num_digits = sum(sign.isdecimal() for sign in plate)
    if num_digits < 3:
        return Certainty.NONE
    if found.group("dot"):
        return Certainty.STRONG
    # Within a sentence the sign may end a word: 阿里云A12345.
    return Certainty.WEAK if found.group("word") else Certainty.PLAIN


def _invent_plate(text: str, drawn: Draw) -> str:
    dot = text[2] if not text[2].isalnum() else ""
    digits = drawn.digits(len(text) - 2 - len(dot))
    return f"{PROVINCE_SIGNS[drawn.below(len(PROVINCE_SIGNS), 3)]}I{dot}{digits}"


PLATE = Kind(
    name="plate",
    trigger="plate",
    pattern=_PLATE,
    judge=_judge_plate,
    value=lambda text: re.sub("[·•・∙]", "", text),
    invent=_invent_plate,
    lifts=words("plate|licen[cs]e|car", "[车辆牌轿]|驾驶|肇事|司机|违章|停放"),
    lowers=words("model|no", "型号|编号|股票|证券|代码|基金|版"),
)
