"""Write the model of a GGUF file as float32 safetensors, with its tokenizer and configuration."""

import os
from typing import Any

from memgen.engine.gguf import ALLOWED, BROKEN, QUANTIZED, check_start
from memgen.engine.loading import transformers_offline
from memgen.errors import BadInput
from memgen.jobs.stage import InputDirectory, OutputDirectory, stage


@stage
def dequantize(*, quantized: InputDirectory, out: OutputDirectory) -> None:
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
