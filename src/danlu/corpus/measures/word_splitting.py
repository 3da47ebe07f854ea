"""Cuts what stands between two spaces into words and signs, as published rules for English count them.

Follows the conventions of spaCy's blank English pipeline (which datatrove uses): signs around a word, `'s` and `n't`
stand alone, abbreviations and addresses stay whole, hyphens split. Runs of Han characters are cut into words with the
dictionary of jieba (FineWeb-2 counts Chinese so). Not followed: `id`, `wed` and other words without an apostrophe
are no contractions here.
"""

import re
from collections.abc import Callable
from functools import cache

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
LONGEST_HAN_RUN = 512  # characters cut at once: a run without signs is no sentence, and time should stay linear
_SIGNS = "…,:;!?¿¡()\\[\\]{}<>_#*&。？！，、；：～·।،'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉"
_PICTURES = "©®°¦℃℉№™↔-⇿⌀-⏿①-⓿─-➿⬀-⯿\U0001f000-\U0001faff\ufffd"
_PREFIX = re.compile(f"[§%=—–{_SIGNS}$£€¥₹₩{_PICTURES}]|\\.\\.+|\\+(?![0-9])")
_UNITS = "km|m|dm|cm|mm|ha|nm|yd|in|ft|kg|g|mg|t|lb|oz|m/s|km/h|kmh|mph|hPa|Pa|mbar|mb|MB|kb|KB|gb|GB|tb|TB|T|G|M|K|%"
_SUFFIX = re.compile(
    f"(?:\\.\\.+|['’][sS]|[—–{_SIGNS}{_PICTURES}]|(?<=[0-9])(?:\\+|[$£€¥₹₩]|{_UNITS})"
    f"|(?<=[0-9a-zß-öø-ÿα-ω%²\\-+{_SIGNS}])\\.|(?<=[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ])\\.)$"
)
_INFIX = re.compile(
    f"\\.\\.+|[…{_PICTURES}]|(?<=[0-9])[+\\-*^](?=[0-9-])|(?<=[a-z'\"’”“])\\.(?=[A-Z'\"’”“])"
    "|(?<=[^\\W\\d_]),(?=[^\\W\\d_])|(?<=[^\\W_])(?:---|--|——|[-–—~])(?=[^\\W\\d_])|(?<=[^\\W_])[:<>=/](?=[^\\W\\d_])"
)
_BETWEEN = re.compile(f"[.…{_PICTURES}+*^,–—~:<>=/-]")  # what infixes begin with: asked first, it spares half the time
_ADDRESS = re.compile(
    "(?:[a-z]+://)?(?:[^\\s:@/]+(?::[^\\s:@/]*)?@)?(?:[A-Za-z0-9][\\w-]{0,62}\\.)+[A-Za-z]{2,63}(?::[0-9]{2,5})?(?:[/?#]\\S*)?$"
    "|[a-z]+://\\S+$"
)
_CONTRACTION = re.compile("(\\w+?)(n['’]t|['’](?:ll|re|ve|d|m))(['’]ve)?$", re.IGNORECASE)
_HOUR = re.compile("(1[0-2]|[1-9])([ap]\\.?m\\.?)$")
_ABBREVIATIONS = (
    "Adm. Ala. Apr. Ariz. Ark. Aug. Bros. Calif. Co. Colo. Conn. Corp. D.C. Dec. Del. Dr. E.G. E.g. Feb. Fla. Ga. Gen."
    " Gov. I.E. I.e. Ia. Id. Ill. Inc. Ind. Jan. Jr. Jul. Jun. Kan. Kans. Ky. La. Ltd. Mar. Mass. Md. Messrs. Mich."
    " Minn. Miss. Mo. Mont. Mr. Mrs. Ms. Mt. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa."
    " Ph.D. Prof. Rep. Rev. S.C. Sen. Sep. Sept. St. Tenn. Va. Wash. Wis. C++ a.m. and/or co. e.g. i.e. p.m. v.s. vs."
    " w/o ma'am o'clock :) :( ;) :-) ;-) :D :/ <3"
)
_LONGEST_SUFFIX = 4  # characters; only rows of full stops are longer
_WHOLE = frozenset(_ABBREVIATIONS.split())
_APART = {"cannot": ["can", "not"], "Cannot": ["Can", "not"], "gonna": ["gon", "na"], "gotta": ["got", "ta"]}
_NO_DIGIT = re.compile(r"\D*$").match
_OUTSIDE = ",.;:!?()[]{}<>_#*&'\"`“”‘’«»…—–"
LONGEST_SPLIT = 4096  # a longer run without a space is data, not text, and counts as one word


def split_word(word: str) -> list[str]:
    """The words and signs of one run of characters without spaces; `"".join(split_word(word)) == word`."""
    if word.isalpha() and word.isascii():
        return _APART.get(word) or [word]
    if len(word) > LONGEST_SPLIT and not HAN.search(word):
        return [word]
    if word.isascii() or not HAN.search(word):
        return _split_plain(word) or _split_latin(word)
    pieces: list[str] = []
    place = 0
    for match in HAN.finditer(word):
        if match.start() > place:
            pieces += _split_latin(word[place : match.start()])
        pieces += split_han(match.group())
        place = match.end()
    return pieces + _split_latin(word[place:]) if place < len(word) else pieces


def _split_plain(word: str) -> list[str] | None:
    """A word with signs around it, which most are: 5 times as quick as asking the patterns. None: they must be asked."""
    core = word.strip(_OUTSIDE)
    if core[-2:-1] in ("'", "’") and core[-1] in "sS" and core[:-2].isalpha():
        start, end = word.index(core), word.index(core) + len(core)
        if "." not in word and core[:-2] not in _APART:
            return [*word[:start], core[:-2], core[-2:], *word[end:]]
    if not core.isalpha():
        first, last = core[:1], core[-1:]
        if not core.isascii() or not first.isalnum() or not last.isalnum() or "'" in core:
            return None
        # Behind a digit may stand a unit.
        if last.isalpha() and not _NO_DIGIT(core):
            return None
    start = word.index(core)
    after = word[start + len(core) :]
    if after[:1] == "." and not (_ends_softly(core) and core + "." not in _WHOLE):
        return None
    # The patterns keep a full stop behind a dash, and take `'s` for one piece.
    if ".." in word or "." in word[:start] or "—." in after or "–." in after or core in ("s", "S"):
        return None
    return [*word[:start], *_split_core(core), *after]


def _ends_softly(core: str) -> bool:
    """Whether a full stop behind the word is a sign of its own: not behind one letter, nor behind `U.S`."""
    last = core[-1]
    return last.isdigit() or (len(core) > 1 and (last.islower() or (core[-2:].isupper() and core[-2:].isalpha())))


def _split_latin(word: str) -> list[str]:
    before: list[str] = []
    after: list[str] = []
    while word and not _is_whole(word):
        length = len(word)
        if match := _PREFIX.match(word):
            before.append(match.group())
            word = word[match.end() :]
            if not word or _is_whole(word):
                break
        if match := _SUFFIX.search(word, 0 if word.endswith("..") else max(0, length - _LONGEST_SUFFIX)):
            after.append(match.group())
            word = word[: match.start()]
        if len(word) == length:
            break
    after.reverse()
    return [*before, *_split_core(word), *after] if word else before + after


def _is_whole(word: str) -> bool:
    if word in _WHOLE:
        return True
    return len(word) == 2 and word[1] == "." and word[0].isalpha() and word[0].islower()


def _split_core(word: str) -> list[str]:
    """A word without signs around it: contractions, hours and infixes; addresses stay whole."""
    if word.isalnum() and not word[0].isdigit():
        return _APART.get(word) or [word]
    if word in _WHOLE or _is_whole(word) or (word.isascii() and word.isdigit()):
        return [word]
    if word.replace("-", "").isalpha() and "--" not in word and word[0] != "-" != word[-1]:
        return word.replace("-", " - ").split(" ")  # what the patterns below give, a third of the words that reach them
    known = _CONTRACTION.match(word) if "'" in word or "’" in word else _HOUR.match(word) if word[0].isdigit() else None
    if known:
        return [piece for piece in known.groups() if piece]
    if ("." in word or "://" in word) and _ADDRESS.match(word):
        return [word]
    pieces: list[str] = []
    place = 0
    for sign in _BETWEEN.finditer(word):
        match = _INFIX.match(word, sign.start()) if sign.start() >= place else None
        if match is None:
            continue
        if match.start() > place:
            pieces.append(word[place : match.start()])
        pieces.append(match.group())
        place = match.end()
    return [*pieces, word[place:]] if place < len(word) else pieces


def split_han(run: str) -> list[str]:
    """The words of a run of Han characters; `"".join(split_han(run)) == run`."""
    cut = _jieba_cut()
    return [
        piece
        for start in range(0, len(run), LONGEST_HAN_RUN)
        for piece in cut(run[start : start + LONGEST_HAN_RUN], True)
    ]


@cache
def _jieba_cut() -> Callable[[str, bool], list[str]]:
    import rjieba

    found: Callable[[str, bool], list[str]] = rjieba.cut
    return found
