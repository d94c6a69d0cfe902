"""Where a figure, or any other result, comes from."""

import json as json_format
import sys
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.jobs.stage import command
from memgen.provenance.naming import output_named
from memgen.provenance.page import page
from memgen.provenance.run import read_run
from memgen.provenance.steps import as_dot, as_json, tree


@command
def show(figure: str, /, *, json: bool = False, dot: bool = False, html: bool = False) -> None:
    """Print how a figure was made, down to what the study was given.

    Jobs of one rule are one line, with how many they are, when the first began, the commit that they ran from
    and the time that they took together.

    Parameters
    ----------
    figure
        A figure or other result of this run, such as figures/task.pdf or task, or the id at its foot; or a
        PNG, PDF or SVG file from anywhere, which is found by the recipe's id that it carries.
    json
        Print every job as JSON instead.
    dot
        Print the steps in the language of Graphviz instead.
    html
        Print one HTML page instead: the steps drawn, each a link to its jobs.
    """
    if json + dot + html > 1:
        raise BadInput("--json, --dot, --html: only one of them is allowed")
    run = read_run()
    output = output_named(run, figure)
    record = run.makers[output]
    if html:
        print(page(run, output))
    elif dot:
        print(as_dot(run, record))
    elif json:
        print(json_format.dumps({"output": output, **as_json(run, record)}, indent=1))
    else:
        content = run.records[record]
        print(f"{output}  {_as_recorded(Path(figure), Path(output), content['outputs'][output])}")
        print(f"recipe {content['recipe_id']}, {record}")
        print(tree(run, record))
    if run.findings:
        print("memgen: some records are not to be trusted; see `memgen provenance verify`", file=sys.stderr)


def _as_recorded(given: Path, output: Path, recorded: str) -> str:
    """Whether a file has the bytes that the job wrote."""
    path = given if given.is_file() else output
    if not path.exists():
        return "is not there; its record is"
    elsewhere = "" if path.resolve() == output.resolve() else f"{path}: "
    same = file_digest(path) == recorded
    return f"{elsewhere}{'as the job wrote it' if same else 'not the bytes that the job wrote'}"
