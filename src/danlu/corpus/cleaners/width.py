"""Full-width letters and digits become ASCII, and nothing else: Chinese signs are full-width because they are Chinese.

The table that many pipelines copied maps U+FF11 (the digit 1) to a quotation mark, and every Chinese comma to an
English one (cc_net text_normalizer.py, data-juicer punctuation_normalization_mapper.py); this one cannot.
"""

import re
import string

from danlu.corpus.cleaners.cleaner import Cleaned

_WIDE = {ord(sign) + 0xFEE0: sign for sign in string.ascii_letters + string.digits}
_FOUND = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")


def fold_width(text: str) -> Cleaned:
    """`text` with U+FF10 to U+FF19, U+FF21 to U+FF3A and U+FF41 to U+FF5A as ASCII."""
    if text.isascii() or not _FOUND.search(text):
        return Cleaned(text=text, num_changes=0)
    return Cleaned(text=text.translate(_WIDE), num_changes=len(_FOUND.findall(text)))
