"""What work costs: one table, in which every entry says where it was measured, or that it is assumed.

Resources of jobs (`planning.resources`) and the plan of a study are computed from it and from nothing else.
Where it is wrong, a job asks for too much or too little and is tried again with more; no result depends on
it.
"""

from typing import NamedTuple

STUDY = "measured: default study, two cores of a shared machine, results/benchmarks"
DECODER = "measured: SmolLM2-135M, one CPU thread, docs/log.md, A real decoder"
CARD = "measured: one H100, 1.2 billion random weights, bf16, docs/log.md, Speed of the language room"
NETWORK = (
    "measured: 500 samples of 1,000 bits, 1,500 units, one CPU thread, docs/log.md, Irrelevant information"
)
ASSUMED = "assumed"


class Usual(NamedTuple):
    """What a job of a rule takes where nothing in the configuration changes it much."""

    seconds: float
    memory_mb: float = 300.0
    disk_mb: float = 1.0
    basis: str = STUDY


#: Rules that take more than the usual job; every other, of any study, is taken for USUAL.
USUAL = Usual(3.0)
RULES = {
    "relational_finite_width": Usual(34, 360),
    "relational_placement_table": Usual(3, 280),
    "longtail_classify": Usual(10, 490),
    "longtail_memorize": Usual(10, 440),
    "irrelevant_extract": Usual(100, 1300),
    "language_fetch": Usual(5, 150, 100),
    "language_fetch_gguf": Usual(5, 150, 100),
    "language_equity": Usual(28, 150),
    "published_download": Usual(60, 200, 50, ASSUMED),
    "published_explain": Usual(60, 600, 1, ASSUMED),
    "published_transfer": Usual(60, 600, 1, ASSUMED),
    "published_regularization": Usual(60, 600, 1, ASSUMED),
}


class Rate(NamedTuple):
    """Seconds of one unit of work."""

    seconds: float
    unit: str
    basis: str


_STEP = "step of 16 prompts of one run, and billion parameters"
_PROMPT = "prompt, and billion parameters"
#: (work, device) -> rate. A CPU is one core; a GPU is one H100. "last" trains the last layers alone.
RATES = {
    ("start", "cpu"): Rate(5.0, "job that loads a network", STUDY),
    ("start", "cuda"): Rate(20.0, "job that loads a network", ASSUMED),
    ("load", "cpu"): Rate(15.0, "billion parameters", ASSUMED),
    ("load", "cuda"): Rate(10.0, "billion parameters", ASSUMED),
    ("ask", "cpu"): Rate(0.13, _PROMPT, STUDY),
    ("ask", "cuda"): Rate(0.0005, _PROMPT, ASSUMED),
    ("full", "cpu"): Rate(21.0, _STEP, DECODER),
    ("full last", "cpu"): Rate(1.04, _STEP, DECODER),
    ("lora", "cpu"): Rate(10.7, _STEP, DECODER),
    ("lora last", "cpu"): Rate(1.56, _STEP, DECODER),
    ("head", "cpu"): Rate(1.2, _STEP, DECODER),
    ("head authors", "cpu"): Rate(9.6, _STEP, DECODER),
    ("full", "cuda"): Rate(0.05, _STEP, ASSUMED),
    ("full last", "cuda"): Rate(0.02, _STEP, ASSUMED),
    ("lora", "cuda"): Rate(0.01, _STEP, ASSUMED),
    ("lora last", "cuda"): Rate(0.005, _STEP, ASSUMED),
    ("head", "cuda"): Rate(0.005, _STEP, ASSUMED),
    ("head authors", "cuda"): Rate(0.02, _STEP, ASSUMED),
    ("pretrain", "cpu"): Rate(0.0014, "prompt passed in training", STUDY),
    ("dequantize", "cpu"): Rate(175.0, "billion parameters", STUDY),
    ("initialize", "cpu"): Rate(60.0, "billion parameters", STUDY),
    ("download", "cpu"): Rate(60.0, "billion parameters", ASSUMED),
    ("logistic", "cpu"): Rate(45.0, "run of a logistic regression", STUDY),
    ("network", "cpu"): Rate(16.0, "10^12 multiplications of a network's training", NETWORK),
    ("transformer", "cpu"): Rate(85.0, "10^12 operations of the transformer's training", STUDY),
}


class Share(NamedTuple):
    """Memory of a network in training, in copies of its weights."""

    copies: float
    basis: str


#: (work, device) -> host memory on a CPU, the GPU's own on a GPU, and "host" what a GPU's job needs beside.
SHARES = {
    ("ask", "cpu"): Share(1.2, STUDY),
    ("full", "cpu"): Share(6.5, DECODER),
    ("full last", "cpu"): Share(1.6, STUDY),
    ("lora", "cpu"): Share(2.6, DECODER),
    ("lora last", "cpu"): Share(1.6, STUDY),
    ("head", "cpu"): Share(2.3, DECODER),
    ("head authors", "cpu"): Share(3.1, DECODER),
    ("initialize", "cpu"): Share(2.0, STUDY),
    ("host", "cuda"): Share(1.3, ASSUMED),
    ("ask", "cuda"): Share(1.1, CARD),
    ("full", "cuda"): Share(7.0, ASSUMED),
    ("full last", "cuda"): Share(2.0, ASSUMED),
    ("lora", "cuda"): Share(4.2, CARD),
    ("lora last", "cuda"): Share(2.5, ASSUMED),
    ("head", "cuda"): Share(3.0, ASSUMED),
    ("head authors", "cuda"): Share(10.2, CARD),
}

#: Parameters, in millions, where the configuration states none for a model of this source.
PARAMETERS = {"wheel": 135.0, "hub": 1000.0, "folder": 1000.0, "corpus": 0.3}
