"""How well personal data is found: on English sentences with marked spans, and on Chinese ones made here.

    python benchmarks/privacy.py MARKED.jsonl [--size 200] [--seed 0]

MARKED has `full_text` and `spans` (`entity_type`, `start_position`, `end_position`) in each line; only the kinds in
ENGLISH count. The Chinese sentences hold either a value whose check digit is right or one that must be left alone: a
wrong check digit, a province or date that does not exist, or a number of another use. A finding is right when kind and
span are exact. Prints a table and one line of JSON.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from danlu.corpus.privacy.finding import find_personal_data

ENGLISH = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip", "CREDIT_CARD": "card"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A sentence and the one place in it (kind, start, end) to be found; None: nothing is to be found."""

    text: str
    wanted: frozenset[tuple[str, int, int]]
    kind: str


def english(path: Path) -> Iterator[Case]:
    """The marked sentences."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        wanted = frozenset(
            (ENGLISH[span["entity_type"]], span["start_position"], span["end_position"])
            for span in row["spans"]
            if span["entity_type"] in ENGLISH
        )
        yield Case(text=row["full_text"], wanted=wanted, kind="")


# The check digits are computed here in another way than in danlu, so that one slip does not hide the other: by trying.
def with_luhn(digits: str) -> str:
    """The digit that makes the sum right, by trial."""
    return next(digits + last for last in "0123456789" if _luhn_sum(digits + last) % 10 == 0)


def _luhn_sum(digits: str) -> int:
    return sum(
        int(digit) if place % 2 == 0 else (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[int(digit)]
        for place, digit in enumerate(reversed(digits))
    )


def with_identity_check(digits: str) -> str:
    """ISO 7064 MOD 11-2 by its own rule: (previous + digit) * 2, and the whole is 1 mod 11."""
    product = 0
    for digit in digits:
        product = (product + int(digit)) * 2 % 11
    return digits + next(last for value, last in enumerate("0123456789X") if (product + value) % 11 == 1)


def with_credit_check(code: str) -> str:
    """GB 32100-2015 with the weights of its table 2."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(signs.index(sign) * weight for sign, weight in zip(code, weights, strict=True))
    return code + signs[(31 - total % 31) % 31]


AREAS = ("110101", "310115", "440305", "510107", "330106", "420111", "610113", "230103", "650102", "350203")
SENTENCES = {
    "identity_number": ("身份证号：{}，请核对。", "居民{}已登记", "申请人身份证{}", "His ID card is {}."),
    "credit_code": ("统一社会信用代码：{}", "公司（{}）成立于2015年", "纳税人识别号{}，开户行", "credit code {} of"),
    "bank_card": ("银行卡号{}，户名王伟", "请汇款到账号：{}。", "储蓄卡 {} 已挂失", "转账至{}（工商银行）"),
    "mobile": ("手机：{}", "请拨打{}联系我。", "联系人李雷，{}。", "Call me at {} please", "我的号码{}"),
    "phone": ("电话：{}", "传真{}", "公司座机 {}，工作时间接听", "办公室联系电话为{}。"),
    "plate": ("车牌号{}的轿车", "一辆{}停在路边", "肇事车辆为{}，司机逃逸", "车主：张三 {}"),
    "email": ("邮箱{}，欢迎来信", "联系邮箱：{}。", "请发送到{}谢谢", "mail {} now"),
    "ip": ("登录地址{}，时间", "来自IP {} 的访问", "访客（{}）发表评论", "client ip {} was"),
}
OTHER_USES = ("订单号：{}", "书号ISBN {}", "流水号{}", "序列号：{}", "条形码 {}", "发票编号{}")


def right_value(kind: str, chance: random.Random) -> str:
    """A value that is to be found."""
    digits = lambda count: "".join(chance.choice("0123456789") for _ in range(count))  # noqa: E731 - eight uses below
    letters = lambda count: "".join(chance.choice("abcdefghkmnprstuvwxyz") for _ in range(count))  # noqa: E731
    area = chance.choice(AREAS)
    made: dict[str, Callable[[], str]] = {
        "identity_number": lambda: with_identity_check(f"{area}{_birthday(chance)}{digits(3)}"),
        "credit_code": lambda: with_credit_check(f"91{area}{chance.choice(('MA', '7A', '05'))}{digits(7)}"),
        "bank_card": lambda: _grouped(with_luhn("62" + digits(chance.choice((13, 14, 16)))), chance),
        "mobile": lambda: _mobile(chance.choice(("13", "150", "186", "199", "177")), chance),
        "phone": lambda: chance.choice(("010-6{}", "0755-8{}", "（021）5{}", "(028)8{}")).format(digits(7)),
        "plate": lambda: (
            chance.choice("京沪粤苏浙川") + chance.choice("ABCDE") + chance.choice(("·", "")) + _plate(chance)
        ),
        "email": lambda: f"{letters(6)}{digits(2)}@{letters(4)}.{chance.choice(('com', 'cn', 'com.cn', 'edu.cn'))}",
        "ip": lambda: (
            f"{chance.choice((58, 101, 112, 202, 219))}.{chance.randrange(64, 255)}.{chance.randrange(1, 255)}.{chance.randrange(1, 255)}"
        ),
    }
    return made[kind]()


def _birthday(chance: random.Random) -> str:
    return f"{chance.randrange(1930, 2020)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"


def _grouped(digits: str, chance: random.Random) -> str:
    gap = chance.choice(("", "", " "))
    return (
        gap.join(digits[start : start + 4] for start in range(0, len(digits), 4)) if len(digits) < 19 or gap else digits
    )


def _mobile(start: str, chance: random.Random) -> str:
    number = (start + "".join(chance.choice("0123456789") for _ in range(9)))[:11]
    shapes = ("{0}{1}{2}", "{0}-{1}-{2}", "{0} {1} {2}", "+86 {0}{1}{2}", "+86-{0}-{1}-{2}")
    return chance.choice(shapes).format(number[:3], number[3:7], number[7:])


def _plate(chance: random.Random) -> str:
    return chance.choice(("{}{}{}{}{}", "D{}{}{}{}{}", "{}{}{}{}Q")).format(*(chance.randrange(10) for _ in range(5)))


def wrong_value(kind: str, chance: random.Random) -> str:
    """A value like one of `kind` that is none: another check digit, province, date or range."""
    right = right_value(kind, chance)
    if kind in ("identity_number", "credit_code", "bank_card"):
        others = [sign for sign in "0123456789" if sign != right[-1]]
        return right[:-1] + chance.choice(others)
    wrong = {
        "mobile": "12" + right[-9:].replace(" ", "").replace("-", ""),
        "phone": f"{chance.randrange(1900, 2020)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        "plate": f"{right[:2]}股{chance.randrange(10000)}",
        "email": f"logo@{chance.randrange(2, 4)}x.png",
        "ip": chance.choice(("192.168.1.{}", "10.0.0.{}", "127.0.0.{}", "3.{}.1.2.5")).format(chance.randrange(1, 255)),
    }
    return wrong[kind]


def chinese(size: int, seed: int) -> Iterator[Case]:
    """`size` sentences with a right value of each kind, as many with a wrong one, and a quarter with other numbers."""
    chance = random.Random(seed)
    for kind, sentences in SENTENCES.items():
        for _ in range(size):
            before, _, after = chance.choice(sentences).partition("{}")
            value = right_value(kind, chance)
            span = (kind, len(before), len(before) + len(value))
            yield Case(text=before + value + after, wanted=frozenset((span,)), kind=kind)
            text = chance.choice(sentences).format(wrong_value(kind, chance))
            yield Case(text=text, wanted=frozenset(), kind=kind)
    for _ in range(size):
        number = with_luhn("".join(chance.choice("0123456789") for _ in range(chance.choice((10, 12, 15, 17)))))
        yield Case(text=chance.choice(OTHER_USES).format(number), wanted=frozenset(), kind="other")


def rate(cases: Iterator[Case]) -> dict[str, dict[str, float]]:
    """Counts, precision and recall by kind. What is found in a sentence of `other` counts against its own kind."""
    wanted, found, right = Counter[str](), Counter[str](), Counter[str]()
    for case in cases:
        places = {(finding.kind, finding.start, finding.end) for finding in find_personal_data(case.text)}
        wanted.update(kind for kind, _, _ in case.wanted)
        found.update(kind for kind, _, _ in places)
        right.update(kind for kind, _, _ in places & case.wanted)
    return {
        kind: {
            "wanted": wanted[kind],
            "found": found[kind],
            "right": right[kind],
            "precision": round(right[kind] / found[kind], 4) if found[kind] else 1.0,
            "recall": round(right[kind] / wanted[kind], 4) if wanted[kind] else 1.0,
        }
        for kind in sorted({*wanted, *found})
    }


def main() -> None:
    """Reads the command line and prints the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("marked", type=Path)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    result = {"english": rate(english(arguments.marked)), "chinese": rate(chinese(arguments.size, arguments.seed))}
    for name, rows in result.items():
        print(f"{name:16} wanted  found  right  precision  recall")
        for kind, row in rows.items():
            print(
                f"{kind:16} {row['wanted']:6} {row['found']:6} {row['right']:6}  {row['precision']:9.4f}  {row['recall']:6.4f}"
            )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
