"""A model of one's own: which files of its folder are taken, and what is no model.

Only files that cannot carry code are taken: safetensors, JSON and text. Needs no torch.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from memgen.configuration.own_folder import given
from memgen.engine import loading
from memgen.engine.wheels import PICKLED
from memgen.errors import BadInput
from memgen.jobs.files import fault

TAKEN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(safetensors|json|txt|model)")
"""Names of the files that are taken; those of a folder in the folder are not."""
CONFIGURATION = "config.json"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.txt", "vocab.json")


def files_of(named: str) -> list[Path]:
    """Files of the model in a folder that the configuration names, sorted.

    BadInput if there is no such folder, or it lacks what a model needs.
    """
    folder = Path(given(named))
    if problem := fault(folder, folder=True):
        raise BadInput(f"{named}: {problem}; allowed: a folder with a model")
    names = sorted(path.name for path in folder.iterdir())
    taken = [folder / name for name in names if TAKEN.fullmatch(name)]
    for path in taken:
        if problem := fault(path):
            raise BadInput(f"{named}/{path.name}: {problem}; allowed: a file")
    refuse_incomplete(named, names)
    return taken


def refuse_incomplete(where: str, names: Iterable[str]) -> None:
    """Refuse, as BadInput, names of files among which a configuration, weights or a tokenizer is missing."""
    names = list(names)
    weights = [name for name in names if name.endswith(".safetensors")]
    pickled = [name for name in names if Path(name).suffix in PICKLED]
    if CONFIGURATION not in names:
        raise BadInput(f"{where}: no {CONFIGURATION}; allowed: a folder as save_pretrained writes it")
    if not weights:
        found = f"only pickled weights ({pickled[0]})" if pickled else "no weights"
        raise BadInput(f"{where}: {found}; allowed weights: .safetensors")
    if not set(names).intersection(TOKENIZERS):
        raise BadInput(f"{where}: no tokenizer; allowed: one of {', '.join(TOKENIZERS)}")


def is_causal(named: str) -> bool:
    """Whether the model in a folder that the configuration names has a language head."""
    return loading.is_causal(Path(given(named)))
