"""A stage by hand, with what it requires alone, has the recipe that it has through the study."""

import inspect
import shlex
from collections.abc import Callable, Iterator

import pytest
import yaml

from memgen import __main__ as cli
from memgen.configuration.options import meaning
from memgen.jobs.stage import Job, flag
from parsed import jobs, workflow
from published_imitation import imitate
from repository import copy_repository

#: Nothing but what a study must say: all else is a default.
REQUIRED = {
    "relational": {
        "hierarchies": {"ti_n9": {"n": 9}, "exc_mid_n9": {"n": 9, "exceptions": ["5:3"]}},
        "theory": {"conjunctivity": [0, 0.1, 0.3, 0.5, 0.6, 0.8, 0.9], "ridge": [0, 0.01, 0.05, 1]},
    },
    "language": {
        "models": {"small-lm": {"source": "corpus", "seed": 0}},
        "items": ["poker"],
        "methods": {
            "probe": {"kind": "ridge", "ridge": [0.1], "pooling": "last"},
            "lora": {"kind": "lora", "epochs": 2, "batch": 4, "rate": 0.1, "lora_rank": [4]},
        },
    },
    # The study trains the network that it scores for fewer steps than one of no settings but its own.
    "longtail": {"clusters": {"memorization": {"learners": {"network": {"settings": [0.001]}}}}},
    "irrelevant": {
        "runs": {"logistic": {"learner": "logistic", "sizes": [{}]}},
        "extraction": {"model": "small-lm"},
    },
    "published": {"source": "imitation"},
}


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every command of such a study but for figures."""
    folder = copy_repository(tmp_path_factory.mktemp("required") / "repository")
    imitate(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(REQUIRED))
    with workflow(folder) as (_, opened):
        return [job.shellcmd for job in jobs(opened) if job.shellcmd and "memgen figures" not in job.shellcmd]


@pytest.fixture
def bound(memgen, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], Job]:
    """The job that a command line would have; nothing is run."""
    jobs: list[Job] = []
    monkeypatch.setattr(Job, "run", lambda job, **_: jobs.append(job))
    monkeypatch.setattr(cli, "closure", lambda module: ())

    def read(words: list[str]) -> Job:
        assert memgen(*words)[0] == 0, words
        return jobs.pop()

    return read


def defaults(job: Job) -> Iterator[str]:
    """Flags of keys of the configuration for which the stage has a default."""
    for name, part in inspect.signature(job.function).parameters.items():
        filled = part.default is not None or hasattr(job.function, "complete")
        if part.default is not inspect.Parameter.empty and filled and meaning(part.annotation):
            yield flag(name, part.annotation)


def test_what_is_not_given_is_what_the_study_gives(commands, bound):
    left_out: set[tuple[str, str]] = set()
    for command in commands:
        words = shlex.split(command.partition("-m memgen ")[2].partition(" 2> ")[0])
        study = bound(words)
        given, keep = words[:2], True
        for word in words[2:]:
            keep = word not in defaults(study) if word.startswith("--") else keep
            given += [word] if keep else []
        left_out |= {(words[1], word) for word in set(words) - set(given) if word.startswith("--")}
        assert bound(given).parameters == study.parameters, command
    assert len(left_out) > 100, left_out
