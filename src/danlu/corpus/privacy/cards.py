"""Payment cards of the world and bank cards of China, by issuer, length and Luhn digit."""

import re

from danlu.corpus.privacy.checksums import luhn_digit, luhn_valid
from danlu.corpus.privacy.kind import Certainty, Draw, Kind, digits_of, pour, words

# ISO/IEC 7812-1: after a 9 comes a country, and none is 999.
NO_ISSUER = "9999"
# First digits and lengths, as the networks publish them.
_NETWORKS = (
    (re.compile("4"), (13, 16, 19)),  # Visa
    (re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile("3[47]"), (15,)),  # American Express
    (re.compile("6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile("352[89]|35[3-8]"), (16,)),  # JCB
    (re.compile("30[0-5]|3[689]"), (14,)),  # Diners
)
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z.,+\-])(?:\d{4}(?P<gap>[ \-])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{1,3})?"
    r"|\d{4}(?P<short>[ \-])\d{6}(?P=short)\d{4,5}|\d{13,19})(?![0-9A-Za-z]|[.,\-]\d)",
    re.ASCII,
)
_LOWERS = words(
    r"orders?|isbn|issn|doi|ids?|serial|imei|ean|barcode|tracking|hash|timestamp|uid|pmid|invoice",
    "订单|单号|编号|序列号|条形码|条码|流水|书号|快递|运单|文号|学号|时间戳|信用代码|识别号|税号|身份证",
)


def _judge_card(found: re.Match[str]) -> Certainty:
    digits = digits_of(found.group())
    if not luhn_valid(digits):
        return Certainty.NONE
    if digits.startswith(NO_ISSUER):
        return Certainty.RESERVED
    if not any(start.match(digits) and len(digits) in lengths for start, lengths in _NETWORKS):
        return Certainty.NONE
    if len(set(digits)) < 4:
        return Certainty.NONE
    return Certainty.STRONG if found.group("gap") or found.group("short") else Certainty.PLAIN


def _judge_bank_card(found: re.Match[str]) -> Certainty:
    digits = digits_of(found.group())
    if not 16 <= len(digits) <= 19 or found.group("short") or not luhn_valid(digits):
        return Certainty.NONE
    if digits.startswith(NO_ISSUER):
        return Certainty.RESERVED
    # 62 is UnionPay; older cards of Chinese banks begin otherwise, and need a word that says what they are.
    if not digits.startswith("62") or len(set(digits)) < 4:
        return Certainty.WEAK if digits[0] in "3456789" and len(set(digits)) > 3 else Certainty.NONE
    return Certainty.STRONG if found.group("gap") else Certainty.PLAIN


def _invent(text: str, drawn: Draw) -> str:
    count = len(digits_of(text))
    digits = NO_ISSUER + drawn.digits(count - len(NO_ISSUER) - 1)
    return pour(text, digits + luhn_digit(digits))


CARD = Kind(
    name="card",
    trigger="digits",
    pattern=_NUMBER,
    judge=_judge_card,
    value=digits_of,
    invent=_invent,
    lifts=words(
        "(?:credit |debit |bank )?cards?|visa|mastercard|amex|payment|cvv", "信用卡|借记卡|银行卡|卡号|刷卡|付款|支付"
    ),
    lowers=_LOWERS,
)
BANK_CARD = Kind(
    name="bank_card",
    trigger="digits",
    pattern=_NUMBER,
    judge=_judge_bank_card,
    value=digits_of,
    invent=_invent,
    lifts=words(
        "bank (?:account|card)s?|account (?:no|number)|unionpay|debit card",
        "银行卡|储蓄卡|借记卡|卡号|账号|帐号|账户|帐户|银联|汇款|转账|户名|开户",
    ),
    lowers=_LOWERS,
)
