"""The run as one deposits it."""

from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.jobs.stage import command
from memgen.jobs.whole_file import whole_file
from memgen.provenance.exports.deposit_files import is_deposit, write_deposit
from memgen.provenance.sealed_run import sealed_run


@command
def deposit(*, out: Path = Path("deposit.zip")) -> None:
    """Write figures, tables, records, sources and the crate that describes them into one zip file.

    Sources are the files of the present commit. Weights and features stay out. The same run gives the same
    bytes; an earlier deposit is replaced.

    Parameters
    ----------
    out
        The zip file.
    """
    if not is_deposit(out):
        raise BadInput(f"{out}: is there, and no deposit; allowed for --out: a new file, or a deposit")
    run, seal = sealed_run("deposited")
    with whole_file(out) as beside:
        count = write_deposit(run, seal, beside)
    print(f"{out}: {count} files, {out.stat().st_size / 1e6:.1f} MB, sha256 {file_digest(out)}")
