"""The lock that a stranger's run is compared with."""

from memgen.provenance.lock_file import LOCK
from memgen.provenance.locking import lock_of
from memgen.provenance.sealed_run import sealed_run
from memgen.provenance.sealing import as_text
from memgen.stage import command
from memgen.whole_file import whole_file


@command
def lock() -> None:
    """Write provenance.lock.json from the run in the present folder, for others to compare theirs with.

    It is refused where `memgen provenance verify` finds anything but a lock to be written anew. Commit the
    file.
    """
    run, records, _ = sealed_run("locked")
    content = lock_of(run, records)
    text = as_text(content)
    with whole_file(LOCK) as beside:
        beside.write_bytes(text)
    print(
        f"{LOCK}: {len(content['figures'])} figures, {len(content['tables'])} tables, "
        f"{len(text) / 1e6:.1f} MB, root {content['root']}"
    )
