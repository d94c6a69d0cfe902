"""What types cannot say about the block `longtail`.

Names of priors and learners and their parameters, memorization limits that the labels allow, and sizes that
must fit each other, and which hierarchies the theory solves.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.files import fault
from memgen.longtail.specs import check_memorization_limit, check_settings, parse_learner, parse_prior


def check(config: Mapping[str, Any]) -> None:
    """Check the long-tail block of a configuration that its types allow.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If a name, a parameter or a size is not allowed.
    """
    block = config["longtail"]
    labels = block["labels"]
    _each("priors", block["priors"], parse_prior)
    _each("scaling.priors", block["scaling"]["priors"], parse_prior)
    _check_files(block["frequency_files"], block["priors"])

    def limit(value: float) -> None:
        check_memorization_limit(value, labels, "value")

    _each("memorization_limit", [block["memorization_limit"]], limit)
    _each("tradeoff.memorization_limits", block["tradeoff"]["memorization_limits"], limit)
    names = {
        "simulation.learners": block["simulation"]["learners"],
        "privacy.epsilons": [f"exponential:{epsilon!r}" for epsilon in block["privacy"]["epsilons"]],
        "noise.label_keep": [f"majority:{keep!r}" for keep in block["noise"]["label_keep"]],
    }
    for where, learners in names.items():
        _each(where, learners, lambda name: parse_learner(name, labels))
    most, smallest = max(block["scaling"]["multiplicities"]), min(block["scaling"]["samples"])
    if most > smallest:
        raise BadInput(
            f"longtail.scaling.multiplicities: {most} exceeds the smallest sample; allowed: 1 to {smallest}"
        )
    for name, mixture in block["mixtures"].items():
        for group, part in mixture["groups"].items():
            _each(f"mixtures.{name}.groups.{group}.prior", [part["prior"]], parse_prior)
    _check_clusters(block["clusters"])
    _check_currency(block["currency"], config["relational"])


def _each(where: str, values: Iterable[Any], test: Callable[[Any], object]) -> None:
    """Test every value; a refusal says where in the configuration it stands."""
    for value in values:
        try:
            test(value)
        except BadInput as error:
            raise BadInput(f"longtail.{where}: {error}") from None


def _check_files(files: list[str], priors: list[str]) -> None:
    names = list(priors)
    for name in files:
        path = Path(name)
        if problem := fault(path):
            raise BadInput(
                f"longtail.frequency_files: {name}: {problem}; allowed: a text file, one number a line"
            )
        if path.stem in names:
            raise BadInput(
                f"longtail.frequency_files: {name}: its name {path.stem!r} is taken; allowed: another"
            )
        names.append(path.stem)


def _check_currency(shown: Mapping[str, Any], relational: Mapping[str, Any]) -> None:
    hierarchies, theory = relational["hierarchies"], relational["theory"]
    allowed = {
        "hierarchy": [name for name, part in hierarchies.items() if part.get("exceptions")],
        "conjunctivity": theory["conjunctivity"],
    }
    for key, values in allowed.items():
        if shown[key] not in values:
            raise BadInput(
                f"longtail.currency.{key}: {shown[key]!r} is not computed by the relational study; "
                f"allowed: {', '.join(map(str, values)) or 'none'}"
            )


def _check_clusters(clusters: Mapping[str, Any]) -> None:
    _each("clusters.prior", [clusters["prior"]], parse_prior)
    scored = clusters["memorization"]
    for where, learners in (
        ("learners", clusters["learners"]),
        ("memorization.learners", scored["learners"]),
    ):
        for learner, part in learners.items():
            _each(f"clusters.{where}", [part["settings"]], partial(check_settings, learner))
    size = round(scored["subsample_share"] * clusters["samples"])
    if not 0 < size < clusters["samples"]:
        raise BadInput(
            f"longtail.clusters.memorization.subsample_share: {scored['subsample_share']} of "
            f"{clusters['samples']} examples leaves none in or none out; allowed: a share nearer to 1/2"
        )
