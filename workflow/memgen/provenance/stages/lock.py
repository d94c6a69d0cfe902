"""The lock that a stranger's run is compared with."""

from memgen.configuration.own_folder import lock_path
from memgen.jobs.stage import command
from memgen.jobs.whole_file import whole_file
from memgen.provenance.locking import lock_of
from memgen.provenance.sealed_run import sealed_run
from memgen.provenance.sealing import as_text


@command
def lock() -> None:
    """Write the lock from the run in the present folder, for others to compare theirs with.

    It is refused where `memgen provenance verify` finds anything but a lock to be written anew. Commit the
    file: provenance.lock.json, or for a study with overlays one beside the last of them, such as
    configs/hour.lock.json.
    """
    path = lock_path()
    run, seal = sealed_run("locked")
    content = lock_of(run, seal.records)
    text = as_text(content)
    with whole_file(path) as beside:
        beside.write_bytes(text)
    print(
        f"{path}: {len(content['figures'])} figures, {len(content['tables'])} tables, "
        f"{len(text) / 1e6:.1f} MB, root {content['root']}"
    )
