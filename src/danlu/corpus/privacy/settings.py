"""Settings of the cleaner `privacy`."""

from typing import Literal

from danlu.core.settings import Settings, setting

KindName = Literal[
    "email",
    "identity_number",
    "credit_code",
    "card",
    "bank_card",
    "mobile",
    "phone",
    "ip",
    "plate",
]


class PrivacySettings(Settings):
    """Which personal data is looked for, and what becomes of it."""

    kinds: tuple[KindName, ...] = setting(
        ("email", "identity_number", "credit_code", "card", "bank_card", "mobile", "phone", "ip", "plate"),
        "kinds of personal data: email, identity_number and credit_code (China), card, bank_card, mobile (China), phone, "
        "ip, plate (China)",
        "个人信息的种类：email 邮箱、identity_number 居民身份证号、credit_code 统一社会信用代码、card 国际支付卡、"
        "bank_card 银行卡、mobile 手机号、phone 电话、ip 网络地址、plate 车牌",
    )
    action: Literal["surrogate", "tag", "count", "off"] = setting(
        "surrogate",
        "surrogate: a made-up value of the same form, the same one throughout a document; tag: its kind in brackets; "
        "count: only count; off: do not look",
        "surrogate 换成同样格式的虚构值（同一文档内前后一致）；tag 换成方括号中的种类名；count 只计数；off 不检查",
    )
    seed: int = setting(0, "seed of the made-up values", "虚构值的随机种子", ge=0)
