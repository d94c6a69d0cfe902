"""A quantized model as an ordinary one: a GGUF file in, safetensors, tokenizer and configuration out.

Knows the GGUF format through transformers and gguf, and what of it can be checked before it is read; knows
nothing of wheels. A weight of four bits becomes scale x integer + offset in float32, number by number, so
that the bytes are the same on any machine.
"""

import os
import struct
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.language.models import transformers_offline
from memgen.stage import Input, OutputDirectory, stage

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


@stage
def dequantize(*, quantized: Input, out: OutputDirectory) -> None:
    """Write the model of a GGUF file as float32 safetensors, with its tokenizer and configuration.

    Parameters
    ----------
    quantized
        Folder with model.gguf, as it came from the wheel.
    out
        Folder of the model.

    Raises
    ------
    BadInput
        If the file is missing, damaged or cut short, or of an architecture that transformers does not read.
    """
    path = quantized / QUANTIZED
    check_start(path)
    os.environ["TQDM_DISABLE"] = "1"  # transformers draws a bar for every tensor, also into a log
    transformers = transformers_offline()
    import torch

    common: dict[str, Any] = {"gguf_file": QUANTIZED, "local_files_only": True, "trust_remote_code": False}
    try:
        network, report = transformers.AutoModelForCausalLM.from_pretrained(
            quantized, dtype=torch.float32, output_loading_info=True, **common
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(quantized, **common)
    except BROKEN as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{path}: damaged, cut short or unknown ({reason}); {ALLOWED}") from None
    missing = sorted([*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])])
    if missing:
        raise BadInput(
            f"{path}: {len(missing)} weights missing or misshapen, the first {missing[0]}; allowed: none"
        )
    # What is written is no longer quantized; transformers refuses to save it while it is marked as such.
    network.hf_quantizer = None
    network.is_quantized = False
    del network.config.quantization_config
    network.config.name_or_path = ""
    network.save_pretrained(out)
    tokenizer.save_pretrained(out)
    for file in out.iterdir():
        file.chmod(0o644)  # safetensors writes a private file
