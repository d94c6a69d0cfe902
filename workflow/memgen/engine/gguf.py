"""A quantized model as an ordinary one: a GGUF file in, safetensors, tokenizer and configuration out.

A weight of four bits becomes scale x integer + offset in float32, number by number, so that the bytes are the
same on any machine.
"""

import struct
from pathlib import Path

from memgen.errors import BadInput

QUANTIZED = "model.gguf"


MAGIC = b"GGUF"


VERSIONS = (2, 3)


ALLOWED = f"allowed: a whole GGUF file, version {' or '.join(map(str, VERSIONS))}, of a Llama or Qwen"


BROKEN = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError),
    *(RuntimeError, ArithmeticError, MemoryError, struct.error),
)
"""What the libraries raise on a broken file: they read what they expect, wherever it points."""


def check_start(path: Path) -> None:
    """Refuse a file that is missing or does not begin as a GGUF.

    Raises
    ------
    BadInput
        If so.
    """
    if not path.is_file():
        raise BadInput(f"{path}: missing; allowed: a folder with {QUANTIZED}")
    with path.open("rb") as file:
        start = file.read(8)
    if start[:4] != MAGIC or len(start) < 8 or struct.unpack("<I", start[4:])[0] not in VERSIONS:
        raise BadInput(f"{path}: begins with {start.hex() or 'nothing'}; {ALLOWED}")
