"""Make a model of another: quantized weights written out in float32, or weights drawn at random."""

import shutil

from memgen.engine.loading import broken, in_one_line, load_quantized, save, transformers_offline
from memgen.errors import BadInput
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

    The architecture's own initialization is used, that of the language head included. Only the
    configuration and the tokenizer of the other model are read, never its weights.

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
    if not (like / "config.json").is_file():
        raise BadInput(f"{like}: not a model; allowed: a folder with config.json and a tokenizer")
    transformers = transformers_offline()
    import torch

    try:
        config = transformers.AutoConfig.from_pretrained(like, local_files_only=True, trust_remote_code=False)
        # transformers draws from torch's global generator: lend it one of our own, and give the old one back.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(integer_seed("language", "initialize", seed))
            causal = any(name.endswith("ForCausalLM") for name in config.architectures or ())
            kind = transformers.AutoModelForCausalLM if causal else transformers.AutoModel
            network = kind.from_config(config, dtype=torch.float32)
    except broken() as error:
        raise BadInput(
            f"{like}: its config.json cannot be read ({in_one_line(error)}); allowed: one of a known model"
        ) from None
    save(network, out)
    for path in sorted(like.iterdir()):
        copied = path.suffix in (".json", ".txt", ".model") and "safetensors" not in path.name
        if copied and path.is_file() and not (out / path.name).exists():
            shutil.copyfile(path, out / path.name)
