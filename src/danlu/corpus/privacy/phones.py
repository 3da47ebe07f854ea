"""Telephone numbers: Chinese mobiles, and everything else that is dialled."""

import re

from danlu.corpus.privacy.kind import Certainty, Draw, Kind, digits_of, pour, words

# The plan of the Chinese networks gives 154 to nobody; ITU-T E.164 keeps the country code 999 free.
NO_MOBILE = "154"
NO_COUNTRY = "999"
_LIFTS = words(
    r"(?:tele)?phones?|tel\.?|call(?:ed|ing| me)?|mobile|cell|fax|contact|whatsapp|dial|office|desk|sms|text me|ring",
    "电话|手机|联系|致电|拨打|传真|座机|来电|短信|微信",
)
_LOWERS = words(
    r"orders?|isbn|issn|doi|ids?|serial|versions?|invoice|part|model|pmid|issue|bug|pages?|pp\.?|range|years?|zip|hotline"
    r"|lifeline|help ?line",
    "订单|单号|编号|序列号|版本|流水|书号|刊号|文号|批号|型号|邮编|学号|注册号|代码|时间戳|页|火警|报警|急救|举报|投诉|热线",
)

_MOBILE = re.compile(
    r"(?<![0-9A-Za-z_.+\-$\u00a5\uffe5])(?:(?:\+|00)?86[ \-]?)?(?P<number>1[3-9]\d(?:\d{8}|(?P<gap>[ \-])\d{4}(?P=gap)\d{4}))"
    r"(?![0-9A-Za-z_]|[.\-]\d)|(?<![0-9A-Za-z_.])\+86[ \-]?(?P<abroad>1[3-9]\d[ \-]?\d{4}[ \-]?\d{4})(?![0-9A-Za-z_])",
    re.ASCII,
)


def _judge_mobile(found: re.Match[str]) -> Certainty:
    digits = digits_of(found.group())
    number = digits[-11:]
    if number.startswith(NO_MOBILE):
        return Certainty.RESERVED
    if len(set(number[3:])) < 2:
        return Certainty.NONE
    return Certainty.STRONG if len(digits) > 11 or found.group("gap") else Certainty.PLAIN


def _invent_mobile(text: str, drawn: Draw) -> str:
    before = digits_of(text)[:-11]
    return pour(text, before + NO_MOBILE + drawn.digits(8))


MOBILE = Kind(
    name="mobile",
    trigger="digits",
    pattern=_MOBILE,
    judge=_judge_mobile,
    value=lambda text: digits_of(text)[-11:],
    invent=_invent_mobile,
    lifts=_LIFTS,
    lowers=_LOWERS,
)

# Lines of services and help, which everyone may know.
_FREE_OF_CHARGE = frozenset(("400", "800", "833", "844", "855", "866", "877", "888", "900"))
_CHINESE_SERVICE = re.compile(r"[48]00[ -]?\d{3}[ -]?\d{4}")
_EXTENSION = r"(?: ?(?:x|ext\.?|转) ?\d{1,5})?"
_PHONE = re.compile(
    r"(?<![0-9A-Za-z_.+/=])(?<!\d[ \-])(?:"
    rf"(?P<abroad>(?:\+[1-9]\d{{0,2}}|00[1-9]\d{{0,2}}(?=[ .\-]))(?:[ .\-]?\(?\d{{1,5}}\)?){{2,5}}{_EXTENSION})"
    rf"|(?P<american>(?:1[ .\-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d(?P<gap>[ .\-]))[2-9]\d\d[ .\-]\d{{4}}{_EXTENSION})"
    rf"|(?P<landline>(?:[(\uff08]0\d{{2,3}}[)\uff09][ \-]?|0\d{{2,3}}[\-\u2014])\d{{7,8}}(?:-\d{{1,5}}|{_EXTENSION}))"
    rf"|(?P<other>\(?\d{{2,4}}\)?(?:[ .\-]\d{{2,5}}){{1,4}}{_EXTENSION}|[2-9]\d{{6,7}}|[2-9]\d{{9}}|0\d{{9,11}})"
    r")(?![0-9A-Za-z_]|[.\-:/]\d)",
    re.ASCII,
)
_DATE = re.compile(
    r"(?:1[5-9]|20)\d\d[ .\-](?:0?[1-9]|1[0-2])[ .\-](?:0?[1-9]|[12]\d|3[01])\b|(?:1[5-9]|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d$"
)
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d[ \-](?:1[5-9]|20)\d\d")


def _judge_phone(found: re.Match[str]) -> Certainty:
    text = found.group()
    digits = digits_of(re.split("[xe转]", text)[0])
    if found.group("abroad"):
        digits = digits.removeprefix("00")
        if digits.startswith(NO_COUNTRY) or _is_fiction(digits):
            return Certainty.RESERVED
        return Certainty.STRONG if 9 <= len(digits) <= 15 else Certainty.NONE
    if found.group("american"):
        if _is_fiction(digits) or digits[-10:-7] in _FREE_OF_CHARGE:
            return Certainty.RESERVED
        # Three numbers in a row of a table look the same.
        return Certainty.WEAK if found.group("gap") == " " else Certainty.PLAIN
    if found.group("landline"):
        area, local = re.split(r"\D+", text.strip("(\uff08"))[:2]
        if local[0] in "01":
            return Certainty.RESERVED
        return Certainty.PLAIN if len(area) + len(local) in (11, 12) else Certainty.WEAK
    if digits.startswith(("000", NO_MOBILE)) or _CHINESE_SERVICE.fullmatch(text):
        return Certainty.RESERVED
    if not 7 <= len(digits) <= 13 or _DATE.match(text) or _YEARS.match(text) or len(set(digits)) < 3:
        return Certainty.NONE
    return Certainty.WEAK


def _is_fiction(digits: str) -> bool:
    """555-0100 to 555-0199 are kept for fiction in each area of North America."""
    return len(digits) in (10, 11) and digits[-7:-2] == "55501"


def _invent_phone(text: str, drawn: Draw) -> str:
    digits, fresh = digits_of(text), drawn.digits(24)
    number = digits_of(re.split("[xe转]", text)[0])
    rest = fresh[: len(digits) - len(number)]
    found = _PHONE.fullmatch(text)
    assert found is not None
    if found.group("landline"):
        area = re.split(r"\D+", text.strip("(\uff08"))[0]
        return pour(text, area + "00" + fresh[: len(digits) - len(area) - 2])
    if found.group("other"):
        return pour(text, "000" + fresh[: len(digits) - 3])
    before = "00" if number.startswith("00") else ""
    number = number.removeprefix("00")
    if found.group("american") or (number.startswith("1") and len(number) == 11):
        made = f"{drawn.below(8, 6) + 2}{fresh[5:7]}55501{fresh[7:9]}"
        return pour(text, before + number[:-10] + made + rest)
    return pour(text, before + NO_COUNTRY + fresh[: len(number) - len(NO_COUNTRY)] + rest)


PHONE = Kind(
    name="phone",
    trigger="digits",
    pattern=_PHONE,
    judge=_judge_phone,
    value=lambda text: digits_of(text).removeprefix("00"),
    invent=_invent_phone,
    lifts=_LIFTS,
    lowers=_LOWERS,
)
