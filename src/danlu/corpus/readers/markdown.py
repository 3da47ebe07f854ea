"""Markdown stays as it is: its marks are part of how people write, and a model learns them."""

from danlu.corpus.document import Reader
from danlu.corpus.readers.plain import read

READER = Reader(endings=(".md", ".markdown", ".rst"), read=read, ranges=True)
