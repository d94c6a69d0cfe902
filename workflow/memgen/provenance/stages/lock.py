"""The lock that a stranger's run is compared with."""

from memgen.errors import BadInput
from memgen.provenance.findings import within
from memgen.provenance.lock_file import LOCK
from memgen.provenance.locking import lock_of
from memgen.provenance.run import read_run
from memgen.provenance.sealing import as_text
from memgen.provenance.verification import Verification
from memgen.stage import command


@command
def lock() -> None:
    """Write provenance.lock.json from the run in the present folder, for others to compare theirs with.

    It is refused unless `memgen provenance verify` finds nothing else. Commit the file.
    """
    run = read_run()
    found = Verification(run)
    for finding in within(found.findings, "lock"):
        if not finding.kind.startswith("LOCK-"):
            raise BadInput(f"not locked: {finding}")
    content = lock_of(run, found.records)
    text = as_text(content)
    LOCK.write_bytes(text)
    claims = sum(len(table["rows"]) for table in content["claims"].values())
    print(
        f"{LOCK}: {len(content['figures'])} figures, {claims} claims, {len(content['tables'])} tables, "
        f"{len(text) / 1e6:.1f} MB, root {content['root']}"
    )
