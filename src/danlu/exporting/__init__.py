"""Copies of a model that other programs load, each proven equal before it is shown.

To add a format: a file with an `ExportFormat` beside these, and its row here.
"""

from danlu.core.language import Text
from danlu.core.registry import Registry

FORMATS = Registry(
    "danlu.exporting",
    Text("export format", "导出格式"),
    {
        "huggingface": "danlu.exporting.huggingface:FORMAT",
        "gguf": "danlu.exporting.gguf:FORMAT",
        "onnx": "danlu.exporting.onnx:FORMAT",
    },
)
