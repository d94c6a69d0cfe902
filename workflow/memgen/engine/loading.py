"""Load a model: a folder in, a tokenizer and a network out.

Folders of safetensors are read, never the network (`HF_HUB_OFFLINE`), never pickled weights, never code that
comes with a model. A GGUF file is read once, to be written as such a folder: a weight of four bits becomes
scale x integer + offset in float32, number by number, so that the bytes are the same on any machine.
"""

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

from memgen.engine.wheels import PICKLED, QUANTIZED
from memgen.errors import BadInput

if TYPE_CHECKING:
    import torch

RMS_NORMS = ("LlamaRMSNorm", "Qwen2RMSNorm", "Qwen3RMSNorm", "MistralRMSNorm")
"""Root-mean-square norms that multiply by their weight last."""
_GGUF_VERSIONS = (2, 3)
_GGUF_ALLOWED = (
    f"allowed: a whole GGUF file, version {' or '.join(map(str, _GGUF_VERSIONS))}, of a Llama or Qwen"
)
_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Model:
    """A network and its tokenizer, of transformers, in evaluation mode."""

    tokenizer: Any
    #: Gives ``last_hidden_state`` of shape (batch, tokens, width).
    network: Any

    @property
    def causal(self) -> bool:
        """Whether it has a language head."""
        return self.network.get_output_embeddings() is not None

    @property
    def device(self) -> "torch.device":
        """Device of the network."""
        return next(self.network.parameters()).device  # type: ignore[no-any-return]

    @property
    def longest_prompt(self) -> int:
        """Most tokens that the network takes."""
        return int(self.network.config.get_text_config().max_position_embeddings)


def transformers_offline() -> Any:
    """The transformers library, offline and quiet."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is no model, or whose only weights are pickled."""
    if not (folder / "config.json").is_file():
        raise BadInput(
            f"{folder}: not a model; allowed: a folder with config.json, tokenizer and safetensors"
        )
    if not list(folder.glob("*.safetensors")):
        pickled = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLED)
        found = f"only pickled weights ({pickled[0]})" if pickled else "no weights"
        raise BadInput(f"{folder}: {found}; allowed weights: .safetensors")


def is_causal(folder: Path) -> bool:
    """Whether a folder holds a model with a language head, by its configuration; BadInput if no model."""
    _check_folder(folder)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        names = [str(name) for name in config.get("architectures") or ()]
    except (OSError, ValueError, RecursionError, AttributeError, TypeError):
        path = folder / "config.json"
        raise BadInput(f"{path}: not the configuration of a model; allowed: JSON") from None
    return any(name.endswith(("ForCausalLM", "ForConditionalGeneration")) for name in names)


def broken() -> tuple[type[Exception], ...]:
    """What libraries raise where a file of a model is cut short, empty, misshapen or no JSON."""
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    common = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, AssertionError)
    return (*common, ArithmeticError, MemoryError, struct.error, StrictDataclassError, SafetensorError)


def in_one_line(error: BaseException) -> str:
    """Kind of an error and the first line of what it says, shortened."""
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def load(folder: Path, dtype: str = "float32", device: str = "cpu", causal: bool = False) -> Model:
    """Load a model from a folder of configuration, tokenizer and safetensors, in a precision, on a device.

    With `causal` it has its language head, which must be the network's whole way from hidden states to
    logits. BadInput if the folder is no model, holds only pickled weights, lacks some of the architecture's
    weights, needs code of its own, or there is no such device.
    """
    folder = Path(folder)
    _check_folder(folder)
    transformers = transformers_offline()
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise BadInput(f"device {device!r}: no GPU here; allowed: cpu")
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **_SAFE)
        # Of a model of text and pictures only the part that reads text is taken, with or without its head.
        several = config.get_text_config() is not config
        kind = transformers.AutoModelForCausalLM if causal or several else transformers.AutoModel
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **_SAFE)
        network, report = kind.from_pretrained(
            folder, dtype=getattr(torch, dtype), use_safetensors=True, output_loading_info=True, **_SAFE
        )
    except broken() as error:
        raise BadInput(
            f"{folder}: cannot be loaded ({in_one_line(error)}); allowed: a complete model that ships no code"
        ) from None
    _refuse_missing(folder, report)
    if several and not causal:
        network = network.get_decoder()
    if dtype == "float64":
        _widen_norms(network)
    return Model(tokenizer, network.to(device).eval())


def draw(like: Path, seed: int) -> Model:
    """Draw a network in float32 with the architecture and tokenizer of a folder, never its weights.

    The architecture's own initialization is used, that of a language head included. A network of the same
    folder and seed is always the same. BadInput if the folder holds no model, or its configuration or
    tokenizer cannot be read.
    """
    if not (like / "config.json").is_file():
        raise BadInput(f"{like}: not a model; allowed: a folder with config.json and a tokenizer")
    transformers = transformers_offline()
    import torch

    try:
        config = transformers.AutoConfig.from_pretrained(like, **_SAFE)
        tokenizer = transformers.AutoTokenizer.from_pretrained(like, **_SAFE)
        # transformers draws from torch's global generator: lend it one of our own, and give the old one back.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            causal = any(name.endswith("ForCausalLM") for name in config.architectures or ())
            kind = transformers.AutoModelForCausalLM if causal else transformers.AutoModel
            network = kind.from_config(config, dtype=torch.float32)
    except broken() as error:
        raise BadInput(
            f"{like}: its config.json cannot be read ({in_one_line(error)}); allowed: one of a known model"
        ) from None
    return Model(tokenizer, network.eval())


def load_quantized(folder: Path) -> Model:
    """Load the causal model of a folder's ``model.gguf`` in float32.

    BadInput if the file is missing, damaged or cut short, or of an architecture that transformers does not
    read.
    """
    path = folder / QUANTIZED
    if not path.is_file():
        raise BadInput(f"{path}: missing; allowed: a folder with {QUANTIZED}")
    with path.open("rb") as file:
        start = file.read(8)
    if start[:4] != b"GGUF" or len(start) < 8 or struct.unpack("<I", start[4:])[0] not in _GGUF_VERSIONS:
        raise BadInput(f"{path}: begins with {start.hex() or 'nothing'}; {_GGUF_ALLOWED}")
    os.environ["TQDM_DISABLE"] = "1"  # transformers draws a bar for every tensor, also into a log
    transformers = transformers_offline()
    import torch

    given = {"gguf_file": QUANTIZED, **_SAFE}
    try:
        network, report = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, output_loading_info=True, **given
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **given)
    except broken() as error:
        raise BadInput(
            f"{path}: damaged, cut short or unknown ({in_one_line(error)}); {_GGUF_ALLOWED}"
        ) from None
    _refuse_missing(path, report)
    # The weights are no longer quantized; transformers refuses to save a network that is marked as such.
    network.hf_quantizer = None
    network.is_quantized = False
    del network.config.quantization_config
    network.config.name_or_path = ""
    return Model(tokenizer, network)


def save(network: Any, folder: Path) -> None:
    """Write a network as configuration and safetensors."""
    network.save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes a private file


def _refuse_missing(path: Path, report: Any) -> None:
    """Refuse weights that transformers would draw at random, since the file lacks them."""
    missing = sorted([*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])])
    if missing:
        raise BadInput(
            f"{path}: {len(missing)} weights missing or misshapen, the first {missing[0]}; allowed: none"
        )


def _widen_norms(network: Any) -> None:
    """Let root-mean-square norms compute in float64: transformers rounds their input to float32.

    Without this a network "in float64" is good to 1e-7 only, and batches of other sizes give other answers.
    """
    import torch

    def forward(norm: Any, hidden: "torch.Tensor") -> "torch.Tensor":
        scale = torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon)
        widened: torch.Tensor = norm.weight * (hidden * scale)
        return widened

    for module in network.modules():
        if type(module).__name__ in RMS_NORMS:
            module.forward = MethodType(forward, module)
