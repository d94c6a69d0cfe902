"""The stages that the rules call, listed for those who call one by hand."""

from memgen.errors import BadInput
from memgen.jobs.entries import entries, studies
from memgen.jobs.stage import command


@command
def stages(study: str | None = None) -> None:
    """List the stages that the workflow's rules call, of one study or of all.

    Parameters
    ----------
    study
        A study's name; all studies by default.
    """
    if study is not None and study not in studies():
        raise BadInput(f"{study!r} is not a study; allowed: {', '.join(studies())}")
    for name in [study] if study else ["", *studies()]:
        for stage, entry in entries(name).items():
            if entry.kind == "stage":
                print(f"{f'memgen {name}'.rstrip()} {stage}: {entry.summary}")
