"""Reads one part of a file with its reader: no file stops a build, unless the settings say that damage shall."""

from collections.abc import Iterator

from danlu.core.errors import DanluError, DataError
from danlu.core.language import Text
from danlu.corpus.document import FilePart, Found, Refused, full_name
from danlu.corpus.opening import UnpackError
from danlu.corpus.recognising import readers
from danlu.corpus.settings import ReadingSettings

# Reasons that tell of a file that is not what it should be; texts that are merely unwanted have others.
DAMAGE = frozenset(
    {
        *("damaged_packing", "unpacks_too_large", "damaged_parquet", "damaged_arrow", "damaged_archive"),
        *("damaged_record", "damaged_xml", "damaged_pdf", "damaged_epub", "damaged_docx", "too_many_members"),
        *("not_json", "not_csv", "reader_failed", "too_slow", "unreadable_file", "unsafe_name"),
    }
)
SHOWN = 200


def read_part(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """What the part's reader finds and refuses.

    A failure of the reader itself (of the library below it, on foreign data) is a refusal too, `reader_failed`. Raises
    DataError for the first damage when `on_damage` is "refuse".
    """
    last = part.start
    try:
        for item in readers()[part.file.reader].read(part, settings):
            last = item.offset
            yield _checked(item, part, settings)
    except (DanluError, MemoryError):
        raise
    except UnpackError as problem:
        yield _checked(Refused(offset=last, reason=problem.reason, got=problem.got), part, settings)
    except BaseException as problem:  # foreign data may break a foreign parser in any way; it is told and counted
        # Rust libraries panic with a BaseException of their own; an interrupt is none of a reader's failures.
        if not isinstance(problem, Exception) and type(problem).__module__ != "pyo3_runtime":
            raise
        got = f"{type(problem).__name__}: {problem}"[:SHOWN]
        yield _checked(Refused(offset=last, reason="reader_failed", got=got), part, settings)


def _checked(item: Found | Refused, part: FilePart, settings: ReadingSettings) -> Found | Refused:
    if settings.on_damage == "refuse" and isinstance(item, Refused) and item.reason in DAMAGE:
        raise DataError(
            Text("{name} is damaged at {offset}: {reason}", "{name} 在 {offset} 处损坏：{reason}"),
            got=item.got[:SHOWN],
            allowed=Text("files that can be read to their end", "能够完整读取的文件"),
            fix=Text(
                "mend or leave out the file, or set corpus.reading.on_damage=skip to count what is lost and go on",
                "请修复或移除该文件，或设置 corpus.reading.on_damage=skip 以计数并继续",
            ),
            name=full_name(part, item),
            offset=item.offset,
            reason=item.reason,
        )
    return item
