"""The run as one deposits it."""

from pathlib import Path

from memgen.digests import file_digest
from memgen.provenance.deposit_files import write_deposit
from memgen.provenance.sealed_run import sealed_run
from memgen.stage import command


@command
def deposit(*, out: Path = Path("deposit.zip")) -> None:
    """Write figures, tables, records, sources and the crate that describes them into one zip file.

    Weights and features stay out. The same run gives the same bytes; an earlier deposit is replaced.

    Parameters
    ----------
    out
        The zip file.
    """
    run, records, seal = sealed_run("deposited")
    beside = out.with_name(f".{out.name}.partial")
    count = write_deposit(run, records, seal, beside)
    beside.replace(out)
    print(f"{out}: {count} files, {out.stat().st_size / 1e6:.1f} MB, sha256 {file_digest(out)}")
