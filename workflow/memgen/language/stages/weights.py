"""Make a model of another: quantized weights written out in float32, or weights drawn at random."""

import shutil

from memgen.engine.loading import draw, load_quantized, save
from memgen.jobs.arguments import Seed
from memgen.jobs.seeding import integer_seed
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
    model = load_quantized(quantized)
    save(model.network, out)
    model.tokenizer.save_pretrained(out)


@stage
def initialize(*, like: InputDirectory, seed: Seed, out: OutputDirectory) -> None:
    """Draw random weights for an untrained control with a model's architecture and tokenizer.

    Only the configuration and the tokenizer of the other model are read, never its weights.

    Parameters
    ----------
    like
        Folder of the model whose architecture and tokenizer the control has.
    seed
        Seed of the weights.
    out
        Folder of the control, in the form that every model has.

    Raises
    ------
    BadInput
        If `like` holds no model, or its configuration cannot be read.
    """
    save(draw(like, integer_seed("language", "initialize", seed)).network, out)
    for path in sorted(like.iterdir()):
        copied = path.suffix in (".json", ".txt", ".model") and "safetensors" not in path.name
        if copied and path.is_file() and not (out / path.name).exists():
            shutil.copyfile(path, out / path.name)
