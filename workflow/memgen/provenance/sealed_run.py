"""A run that may be given to others: verified and sealed."""

from memgen.errors import BadInput
from memgen.provenance.findings import within
from memgen.provenance.run import Run, read_run
from memgen.provenance.sealing import Seal
from memgen.provenance.verification import Verification


def sealed_run(purpose: str) -> tuple[Run, Seal]:
    """The run in the present folder and its seal, if nothing is wrong with them.

    Parameters
    ----------
    purpose : str
        What is not done otherwise, such as ``locked``.

    Raises
    ------
    BadInput
        If `memgen provenance verify` finds something, but for a lock that is about to be written anew.
    """
    run = read_run()
    found = Verification(run)
    for finding in within(found.findings, "lock"):
        if finding.kind not in ("LOCK-EDITED", "LOCK-NOT-COMMITTED"):
            raise BadInput(f"not {purpose}: {finding}")
    assert found.seal is not None, "SEAL-MISSING is a finding"
    if found.left_out:
        raise BadInput(f"not {purpose}: {found.notes[-1]}")
    return run, found.seal
