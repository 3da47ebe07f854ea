"""What each reason to drop a document means, in both languages, and what kind of edits there are."""

from collections import Counter
from collections.abc import Iterable

from danlu.core.language import Text
from danlu.corpus import RULES
from danlu.corpus.rules.judge import rule

DUPLICATES = ("exact_duplicate", "near_duplicate")
REASONS = {
    "empty": Text("nothing but blanks", "空白文档"),
    "undecodable": Text("more than a tenth of the characters were lost in decoding", "超过一成的字符无法解码"),
    "exact_duplicate": Text("another document has the same text", "与另一文档完全相同"),
    "near_duplicate": Text("almost the same as another document", "与另一文档近似重复"),
    "repeated_lines": Text("each of its lines stood before in the corpus", "每一行都已在语料中出现过"),
    "repeated_paragraphs": Text("each of its paragraphs stood before in the corpus", "每一段都已在语料中出现过"),
    "repeated_substrings": Text("all of it stood before in the corpus", "全文都已在语料中出现过"),
    "language_not_wanted": Text("in a language that was not asked for", "不是所要的语言"),
    "contaminated": Text("shares text with an evaluation file", "与评测文件有相同文字"),
    "not_json": Text("no valid JSON", "不是有效的 JSON"),
    "not_csv": Text("no valid CSV", "不是有效的 CSV"),
    "no_text_field": Text("no field with text", "没有文本字段"),
    "ragged_row": Text("a row with other columns than the first", "与表头列数不符的行"),
    "damaged_parquet": Text("damaged Parquet", "损坏的 Parquet"),
    "damaged_packing": Text("damaged or cut-off packing", "压缩数据损坏或被截断"),
    "unpacks_too_large": Text("unpacks to more than is allowed", "解压后超过上限"),
    "damaged_record": Text("a damaged or cut-off record", "损坏或被截断的记录"),
    "damaged_archive": Text("a damaged or cut-off archive", "损坏或被截断的归档"),
    "damaged_xml": Text("damaged XML", "损坏的 XML"),
    "encrypted": Text("encrypted", "已加密"),
    "unsafe_name": Text("a name that leads out of the archive", "指向归档之外的名称"),
    "too_many_members": Text("more members than are allowed", "成员数超过上限"),
    "no_regular_file": Text("no regular file", "不是普通文件"),
    "unreadable_file": Text("a file that cannot be opened", "无法打开的文件"),
    "reader_failed": Text("the reader of this format failed", "该格式的读取器出错"),
    "too_slow": Text("took longer than is allowed", "超过时间上限"),
    "no_page": Text("no page of text", "不含正文页面"),
    "redirect": Text("a redirect to another page", "重定向页面"),
    "other_namespace": Text("a page that is no article", "非条目页面"),
    "no_wikitext": Text("a page without wiki text", "没有维基文本的页面"),
    "text_is_no_string": Text("the field holds no text", "字段内容不是文本"),
    "too_long": Text("longer than is allowed", "超过长度上限"),
}
EDITS = {
    "encoding": Text("decoded from another encoding", "由其他编码转换"),
    "line_ends": Text("line ends made equal", "统一换行符"),
    "mojibake": Text("text decoded with the wrong table mended", "修复乱码（用错编码解码的文字）"),
    "unicode_repair": Text("characters that stand for others mended", "修复冒充他字的字符"),
    "control_characters": Text("control characters taken out", "去除控制字符"),
    "nfc": Text("characters composed (NFC)", "字符规范组合（NFC）"),
    "width": Text("full-width letters and digits made ASCII", "全角字母与数字改为半角"),
    "trailing_space": Text("blanks at line ends taken out", "去除行末空白"),
    "citations": Text("citation marks taken out", "去除引用标记"),
    "chinese_script": Text("Chinese script converted, from", "转换简繁，原为"),
    "lower_case": Text("made lower case", "改为小写"),
    "stop_words": Text("stop words taken out", "去除停用词"),
    "stems": Text("English words cut to their stems", "英文词取词干"),
    "punctuation": Text("punctuation and symbols taken out", "去除标点与符号"),
    "line_rules": Text("lines taken out by rules on lines", "被行规则去除的行"),
    "repeated_lines": Text("lines taken out that stood before in the corpus", "去除语料中已出现过的行"),
    "repeated_paragraphs": Text("paragraphs taken out that stood before in the corpus", "去除语料中已出现过的段落"),
    "repeated_substrings": Text("strings taken out that stood before in the corpus", "去除语料中已出现过的字节串"),
    "boilerplate": Text("boilerplate lines taken out", "去除模板行"),
    "segments": Text("cut into segments", "切成若干段"),
    "cut": Text("cut into a training and a held-out part", "切成训练与留出两部分"),
    "line": Text("line of the file", "文件中的行号"),
    "privacy": Text("personal data", "个人信息"),
}
PLACES = ("line",)  # edits that tell where, not how often


def reason_meaning(reason: str) -> Text:
    """What a reason says: a rule's own meaning, else a phrase of ours, else its name in words."""
    if reason in REASONS:
        return REASONS[reason]
    if reason in RULES.rows():
        return rule(reason).meaning
    shown = reason.replace("_", " ")
    return Text._make([shown] * 2)


def edit_meaning(edit: str) -> Text:
    """What an edit such as `privacy:email:2` says of a document."""
    name, _, rest = edit.partition(":")
    known = EDITS.get(name)
    if known is None:
        return Text._make([edit] * 2)
    return Text._make(f"{said} ({rest})" for said in known) if rest else known


def count_edits(edits: Iterable[str]) -> Counter[str]:
    """How often each kind of edit was made: `privacy:email:2` counts 2 under `privacy:email`, `encoding:big5` counts 1."""
    counts: Counter[str] = Counter()
    for edit in edits:
        name, _, last = edit.rpartition(":")
        if name and last.isdecimal():
            if name not in PLACES:
                counts[name] += 1 if name in ("segments", "cut") else int(last)
        else:
            counts[edit] += 1
    return counts
