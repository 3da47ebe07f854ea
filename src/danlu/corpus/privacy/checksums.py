"""Check digits of cards, Chinese identity numbers and Chinese social credit codes: compute and verify."""

# ISO/IEC 7064 MOD 11-2, as GB 11643-1999 uses it: weights 2^(18 - position) mod 11.
_IDENTITY_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))
_IDENTITY_CHECKS = "10X98765432"
# GB 32100-2015: 31 characters without I, O, S, V, Z; weights 3^(position - 1) mod 31.
CREDIT_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(CREDIT_CHARACTERS)}
_CREDIT_WEIGHTS = tuple(pow(3, power, 31) for power in range(17))


def luhn_digit(digits: str) -> str:
    """The digit that makes `digits` valid when put behind (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 * (value > 9)
    return str(-total % 10)


def identity_character(digits: str) -> str:
    """The 18th character for the first 17 digits of a Chinese identity number (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _IDENTITY_WEIGHTS, strict=True))
    return _IDENTITY_CHECKS[total % 11]


def credit_character(characters: str) -> str:
    """The 18th character for the first 17 of a unified social credit code (GB 32100-2015)."""
    total = sum(
        _CREDIT_VALUES[character] * weight for character, weight in zip(characters, _CREDIT_WEIGHTS, strict=True)
    )
    return CREDIT_CHARACTERS[-total % 31]


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return luhn_digit(digits[:-1]) == digits[-1]


def identity_valid(number: str) -> bool:
    """Whether the 18th character (X for 10) fits the 17 digits before it."""
    return identity_character(number[:17]) == number[17]


def credit_valid(code: str) -> bool:
    """Whether the 18th character fits the 17 before it."""
    return credit_character(code[:17]) == code[17]
