"""Galleries: the figures of a study with their captions; pictures only where a run has made them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ABSENT = "*There is no finished run beside this page: after `make study`, `make docs` shows the pictures.*"


def gallery(study: str, pictures: Path) -> str:
    """Figures of a study with their captions; pictures only where a run has made them.

    Parameters
    ----------
    study : str
        A folder of `memgen.figures`.
    pictures : pathlib.Path
        Gets a copy of every picture that is shown.
    """
    names = sorted(path.stem for path in (ROOT / "workflow/report").glob("*.rst"))
    own = {path.stem for path in (ROOT / "workflow/memgen/figures" / study).glob("*.py")}
    shown: dict[str, list[Path]] = {name: [] for name in names if name in own}
    for path in sorted((ROOT / "figures").glob("*.png")):
        stems = [name for name in names if path.stem == name or path.stem.startswith(f"{name}_")]
        name = max(stems, key=len, default="")
        if name in shown:
            shown[name].append(path)
    lines = []
    if not any(shown.values()):
        lines += [
            ABSENT,
            "",
        ]
    for name, paths in shown.items():
        for path in paths or [None]:
            stem = path.stem if path else name
            lines += ["```{eval-rst}", f".. rubric:: {stem}", ""]
            if path is not None:
                shutil.copyfile(path, pictures / path.name)
                lines += [f".. image:: /_generated/figures/{path.name}", f"   :alt: {stem}", ""]
            lines += [*caption(name, stem).splitlines(), "```", ""]
    return "\n".join(lines) + "\n"


def caption(name: str, stem: str) -> str:
    """Caption of a figure from the report, what it leaves to the workflow filled in.

    Parameters
    ----------
    name : str
        The figure.
    stem : str
        Its file: the name, and what tells one of several apart.
    """
    text = (
        (ROOT / f"workflow/report/{name}.rst")
        .read_text(encoding="utf-8")
        .partition(".. include::")[0]
        .strip()
    )
    told = _parameters(name)
    told |= dict(zip(("method", "kind"), stem.removeprefix(name).strip("_").split("_"), strict=False))

    def value(match: re.Match[str]) -> str:
        return str(told.get(match[1], f"every {match[1]}"))

    return re.sub(r"\{\{ snakemake\.(?:params|wildcards)\.(\w+) \}\}", value, text)


def _parameters(name: str) -> dict[str, Any]:
    """Arguments of the job that drew a figure, or, where none has, the settings of the default study."""
    record = ROOT / f"results/provenance/jobs/figures_{name}/job.json"
    if record.is_file():
        arguments = json.loads(record.read_text(encoding="utf-8"))["arguments"]
        return {key: part["value"] for key, part in arguments.items()}
    from memgen.configuration import load

    relational = load([ROOT / "config.yaml"])["relational"]
    return {"n": relational["critical"]["map_n"], **relational["figures"].get(name, {})}
