"""Raw files become clean documents: readers, cleaning, measures, rules, duplicates, split, and the corpus artifact.

To add a reader, a cleaner or a rule: one file and one row here (or an entry point of the same group).
"""

from danlu.core.language import Text
from danlu.core.registry import Registry

READERS = Registry(
    "danlu.readers",
    Text("reader", "读取器"),
    {
        "txt": "danlu.corpus.readers.plain:READER",
        "md": "danlu.corpus.readers.markdown:READER",
        "html": "danlu.corpus.readers.html:READER",
        "jsonl": "danlu.corpus.readers.json_lines:LINES",
        "json": "danlu.corpus.readers.json_lines:JSON",
        "csv": "danlu.corpus.readers.delimited:CSV",
        "tsv": "danlu.corpus.readers.delimited:TSV",
        "parquet": "danlu.corpus.readers.columnar:PARQUET",
        "arrow": "danlu.corpus.readers.columnar:ARROW",
        "warc": "danlu.corpus.readers.warc:READER",
        "wikipedia": "danlu.corpus.readers.wikipedia:READER",
        "epub": "danlu.corpus.readers.epub:READER",
        "docx": "danlu.corpus.readers.docx:READER",
        "pdf": "danlu.corpus.readers.pdf:READER",
        "zip": "danlu.corpus.readers.zipped:READER",
        "tar": "danlu.corpus.readers.tarred:READER",
    },
)

SHAPES = Registry(
    "danlu.shapes",
    Text("shape of an export", "导出数据的形状"),
    {
        "lines": "danlu.corpus.readers.shapes:LINES",
        "chat": "danlu.corpus.readers.shapes:CHAT",
        "reddit": "danlu.corpus.readers.shapes:REDDIT",
        "twitter": "danlu.corpus.readers.shapes:TWITTER",
        "telegram": "danlu.corpus.readers.shapes:TELEGRAM",
        "weibo": "danlu.corpus.readers.shapes:WEIBO",
        "wechat": "danlu.corpus.readers.shapes:WECHAT",
    },
)

CLEANERS = Registry(
    "danlu.cleaners",
    Text("cleaner", "清洗步骤"),
    {
        "line_ends": "danlu.corpus.cleaning:line_ends",
        "control_characters": "danlu.corpus.cleaning:control_characters",
        "nfc": "danlu.corpus.cleaning:nfc",
        "trailing_space": "danlu.corpus.cleaning:trailing_space",
    },
)

MEASURES = Registry(
    "danlu.measures",
    Text("group of measures", "度量组"),
    {
        "size": "danlu.corpus.measures.size:measure",
        "language": "danlu.corpus.measures.language:measure",
        "characters": "danlu.corpus.measures.characters:measure",
        "lines": "danlu.corpus.measures.lines:measure",
        "repetition": "danlu.corpus.measures.repetition:measure",
    },
)

RULES = Registry(
    "danlu.rules",
    Text("rule", "规则"),
    {
        "num_units": "danlu.corpus.rules.length:NUM_UNITS",
        "word_length": "danlu.corpus.rules.length:WORD_LENGTH",
        "letters": "danlu.corpus.rules.characters:LETTERS",
        "symbols": "danlu.corpus.rules.characters:SYMBOLS",
        "digits": "danlu.corpus.rules.characters:DIGITS",
        "repaired": "danlu.corpus.rules.characters:REPAIRED",
        "stop_words": "danlu.corpus.rules.characters:STOP_WORDS",
        "bullet_lines": "danlu.corpus.rules.lines:BULLET_LINES",
        "ellipsis_lines": "danlu.corpus.rules.lines:ELLIPSIS_LINES",
        "punctuated_lines": "danlu.corpus.rules.lines:PUNCTUATED_LINES",
        "duplicate_lines": "danlu.corpus.rules.repetition:DUPLICATE_LINES",
        "duplicate_paragraphs": "danlu.corpus.rules.repetition:DUPLICATE_PARAGRAPHS",
        "top_2_grams": "danlu.corpus.rules.repetition:TOP_2_GRAMS",
        "top_3_grams": "danlu.corpus.rules.repetition:TOP_3_GRAMS",
        "top_4_grams": "danlu.corpus.rules.repetition:TOP_4_GRAMS",
        "duplicate_line_characters": "danlu.corpus.rules.repetition:DUPLICATE_LINE_CHARACTERS",
        "duplicate_paragraph_characters": "danlu.corpus.rules.repetition:DUPLICATE_PARAGRAPH_CHARACTERS",
        "duplicate_5_grams": "danlu.corpus.rules.repetition:DUPLICATE_5_GRAMS",
        "duplicate_6_grams": "danlu.corpus.rules.repetition:DUPLICATE_6_GRAMS",
        "duplicate_7_grams": "danlu.corpus.rules.repetition:DUPLICATE_7_GRAMS",
        "duplicate_8_grams": "danlu.corpus.rules.repetition:DUPLICATE_8_GRAMS",
        "duplicate_9_grams": "danlu.corpus.rules.repetition:DUPLICATE_9_GRAMS",
        "duplicate_10_grams": "danlu.corpus.rules.repetition:DUPLICATE_10_GRAMS",
        "language": "danlu.corpus.rules.language:LANGUAGE",
    },
)

PRESETS = Registry(
    "danlu.presets",
    Text("preset", "预设"),
    {"minimal": "danlu.corpus.presets:MINIMAL", "standard": "danlu.corpus.presets:STANDARD"},
)
