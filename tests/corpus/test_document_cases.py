"""Books, office documents and PDF: text in reading order; locked, empty, lying and bomb-like ones are told and left."""

from pathlib import Path

import pytest

from made_files import PACKERS, WORD, docx, epub, html, pdf, zip_of
from reading_files import read_file

ENCRYPTED = (
    "<encryption xmlns='urn:oasis:names:tc:opendocument:xmlns:container'>"
    "<EncryptedData xmlns='http://www.w3.org/2001/04/xmlenc#'><EncryptionMethod Algorithm='{}'/></EncryptedData></encryption>"
)


def test_epub_chapters_in_the_order_of_the_spine(tmp_path: Path) -> None:
    data = epub(["第一章 天地玄黄。", "Chapter two &\nmore.", "第三章"])
    assert read_file(tmp_path / "a.epub", data).texts == ["第一章 天地玄黄。\n\nChapter two &\n\nmore.\n\n第三章\n"]
    assert len(read_file(tmp_path / "renamed.zip", data).texts) == 1
    assert len(read_file(tmp_path / "a.epub.gz", PACKERS["gz"](data)).texts) == 1


def test_epub_locked_or_with_obfuscated_fonts(tmp_path: Path) -> None:
    locked = {"META-INF/encryption.xml": ENCRYPTED.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc").encode()}
    fonts = {"META-INF/encryption.xml": ENCRYPTED.format("http://www.idpf.org/2008/embedding").encode()}
    assert read_file(tmp_path / "a.epub", epub(["text"], **locked)).reasons == ["encrypted"]
    assert read_file(tmp_path / "a.epub", epub(["text"], **fonts)).texts == ["text\n"]


def test_28_epub_with_outside_references_and_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = (
        "<package xmlns='http://www.idpf.org/2007/opf'><manifest>"
        "<item id='a' href='http://evil.example/x.xhtml'/><item id='b' href='../../../../etc/passwd'/>"
        "<item id='c' href='c.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='a'/><itemref idref='b'/><itemref idref='c'/></spine></package>"
    )
    data = epub(["never"], **{"OEBPS/content.opf": package.encode(), "OEBPS/c.xhtml": html("kept")})
    found = read_file(tmp_path / "a.epub", data)
    assert found.texts == ["kept\n"]
    assert found.reasons == ["damaged_epub"]
    monkeypatch.setattr("danlu.corpus.opening.FREE_BYTES", 100_000)
    bomb = epub(["one"], **{"OEBPS/text/c0.xhtml": b"<p>" + b"x" * 3_000_000})
    assert read_file(tmp_path / "b.epub", bomb, max_expansion=5).reasons == ["unpacks_too_large"]
    entity = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + package.replace("c.xhtml", "&e;")
    assert read_file(tmp_path / "c.epub", epub(["x"], **{"OEBPS/content.opf": entity.encode()})).reasons == [
        "damaged_epub"
    ]


TABLE = (
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc>"
    "<w:tc><w:p><w:r><w:t>乙</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)
ODD = (
    "<w:p><w:r><w:t>x</w:t><w:tab/><w:t>y</w:t><w:br/><w:t>z</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
    "<w:r><w:instrText>PAGE</w:instrText></w:r><w:ins><w:r><w:t>!</w:t></w:r></w:ins></w:p>"
)


def test_docx_paragraphs_and_tables(tmp_path: Path) -> None:
    found = read_file(tmp_path / "a.docx", docx(["标题", "One & two", ""], body=TABLE + ODD))
    assert found.texts == ["标题\nOne & two\n\na b\t乙\nx\ty\nz!\n"]
    assert len(read_file(tmp_path / "in.txt", docx(["kept"])).texts) == 1


def test_28_docx_locked_bomb_entities_and_deep_nesting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_file(tmp_path / "a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600).reasons == ["encrypted"]
    text = "<w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body>"
    declared = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
    entity = f"{declared}<w:document xmlns:w='{WORD}'>{text}</w:document>"
    data = zip_of({"[Content_Types].xml": b"", "word/document.xml": entity.encode()})
    found = read_file(tmp_path / "b.docx", data)
    assert found.texts == []
    assert found.reasons == ["damaged_docx"]
    deep = "<w:x>" * 5000 + "</w:x>" * 5000
    assert read_file(tmp_path / "c.docx", docx(["text"], body=deep)).reasons == ["damaged_docx"]
    assert read_file(tmp_path / "d.docx", zip_of({"[Content_Types].xml": b"", "x": b""})).reasons == ["damaged_docx"]
    monkeypatch.setattr("danlu.corpus.opening.FREE_BYTES", 100_000)
    assert read_file(tmp_path / "e.docx", docx(["x" * 3_000_000]), max_expansion=5).reasons == ["unpacks_too_large"]


def test_pdf_lines_become_paragraphs(tmp_path: Path) -> None:
    pages = [
        [
            "My Book 1",
            "This is a line of the first paragraph that goes on to the",
            "next line and uses a hyphen at the end of this line, exam-",
            "ple given. It ends here.",
            "A second paragraph begins here and it is as long as others",
            "are.",
            "1",
        ],
        [
            "My Book 2",
            "这一段中文写得很长很长,一直写到这一行的末尾处为止",
            "然后在下一行继续,在这里结束。",
            "全文完",
            "2",
        ],
        ["My Book 3", "Third page.", "3"],
        ["My Book 4", "Fourth page.", "4"],
    ]
    found = read_file(tmp_path / "a.pdf", pdf(pages))
    assert found.texts == [
        "This is a line of the first paragraph that goes on to the next line and uses a hyphen at the end of this line, "
        "example given. It ends here.\nA second paragraph begins here and it is as long as others are.\n\n"
        "这一段中文写得很长很长,一直写到这一行的末尾处为止然后在下一行继续,在这里结束。\n全文完\n\n"
        "Third page.\n\nFourth page.\n"
    ]
    assert found.items[0].edits == ("pdf_pages:4",)  # type: ignore[union-attr]


def test_28_pdf_of_pictures_damaged_locked_and_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_file(tmp_path / "a.pdf", pdf([[], []])).reasons == ["no_text_layer"]
    whole = pdf([["Some text."]])
    assert read_file(tmp_path / "b.pdf", whole[: len(whole) // 3]).reasons == ["damaged_pdf"]
    assert read_file(tmp_path / "c.pdf", b"%PDF-1.7 ...").reasons == ["damaged_pdf"]
    zeros = b"<" + b"00" * 32 + b">"
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/O" + zeros + b"/U" + zeros + b"/P -4>>/ID[<00><00>]"
    locked = whole.replace(b"/Root 1 0 R", b"/Root 1 0 R" + lock)
    assert read_file(tmp_path / "d.pdf", locked).reasons == ["encrypted"]
    loop = whole.replace(b"/Kids[8 0 R]", b"/Kids[2 0 R]")
    assert loop != whole
    assert read_file(tmp_path / "e.pdf", loop).reasons in (["damaged_pdf"], ["no_text_layer"])
    monkeypatch.setattr("danlu.corpus.readers.pdf.MAX_PDF_BYTES", 100)
    assert read_file(tmp_path / "f.pdf", whole).reasons == ["too_long"]


def test_pdf_within_packings(tmp_path: Path) -> None:
    data = pdf([["Some text of a page."]])
    for name, packed in (("a.pdf.gz", PACKERS["gz"](data)), ("a.zip", zip_of({"b.pdf": data}))):
        assert read_file(tmp_path / name, packed).texts == ["Some text of a page.\n"]
