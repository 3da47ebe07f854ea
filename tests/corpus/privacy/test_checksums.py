"""Check digits: the examples of the standards, and what one changed or swapped sign does to them."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from danlu.corpus.privacy.checksums import (
    CREDIT_CHARACTERS,
    credit_character,
    credit_valid,
    identity_character,
    identity_valid,
    luhn_digit,
    luhn_valid,
)

DIGITS = st.text("0123456789", min_size=17, max_size=17)
CODES = st.text(CREDIT_CHARACTERS, min_size=17, max_size=17)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_identity_numbers_of_the_standard(number: str) -> None:
    """GB 11643-1999, annex A."""
    assert identity_valid(number)


def test_the_credit_code_of_the_standard() -> None:
    """GB 32100-2015, annex A."""
    assert credit_valid("91350100M000100Y43")


@pytest.mark.parametrize("number", ["79927398713", "4111111111111111", "378282246310005"])
def test_card_numbers_that_are_published(number: str) -> None:
    assert luhn_valid(number)


@given(digits=DIGITS, place=st.integers(0, 16), other=st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_seen(digits: str, place: int, other: str) -> None:
    assume(digits[place] != other)
    wrong = digits[:place] + other + digits[place + 1 :]
    assert luhn_valid(digits + luhn_digit(digits))
    assert not luhn_valid(wrong + luhn_digit(digits))
    assert identity_valid(digits + identity_character(digits))
    assert not identity_valid(wrong + identity_character(digits))


@given(code=CODES, place=st.integers(0, 16), other=st.sampled_from(CREDIT_CHARACTERS))
def test_one_wrong_sign_of_a_credit_code_is_always_seen(code: str, place: int, other: str) -> None:
    assume(code[place] != other)
    assert credit_valid(code + credit_character(code))
    assert not credit_valid(code[:place] + other + code[place + 1 :] + credit_character(code))


@given(digits=DIGITS, place=st.integers(0, 15))
def test_two_swapped_digits_of_an_identity_number_are_always_seen(digits: str, place: int) -> None:
    assume(digits[place] != digits[place + 1])
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert not identity_valid(swapped + identity_character(digits))
