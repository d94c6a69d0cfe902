"""What can be wrong with a run, each by its name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

#: How far `memgen provenance verify` looks, each level with all before it: outputs against their records;
#: inputs and sources too; the seal and the committed lock too; the present configuration too.
Level = Literal["integrity", "chain", "lock", "fresh"]
LEVELS: tuple[Level, ...] = get_args(Level)

#: Level and meaning of each finding, causes before what follows from them.
KINDS: dict[str, tuple[Level, str]] = {
    "RECORD-INVALID": ("integrity", "a file in the place of a record that is not a record"),
    "RECORD-EDITED": ("integrity", "a record is not as the job wrote it"),
    "RECORD-MISPLACED": ("integrity", "a record has the name of another job"),
    "PATH-OUTSIDE": ("integrity", "a record names a path that leaves the study"),
    "DUPLICATE-OUTPUT": ("integrity", "two records claim one output"),
    "SEAL-MISSING": ("lock", "the run has no seal"),
    "SEAL-EDITED": ("lock", "the seal is not as it was written"),
    "LOCK-EDITED": ("lock", "the lock is not as it was written"),
    "LOCK-NOT-COMMITTED": ("lock", "the lock is not the committed one"),
    "LOCK-MISMATCH": ("lock", "a record is not the one that was sealed"),
    "RECORD-MISSING": ("integrity", "nothing says what made a file"),
    "RECORD-NOT-SEALED": ("lock", "a record is not part of the sealed run"),
    "LEAF-MISSING": ("chain", "a file that the study was given is gone"),
    "LEAF-MODIFIED": ("chain", "a file that the study was given is another one now"),
    "CODE-CHANGED": ("chain", "a source file is not the one that ran"),
    "WORKFLOW-CHANGED": ("chain", "a rule, or what the rules import, is not the one that was sealed"),
    "OUTPUT-MISSING": ("integrity", "a result is gone"),
    "OUTPUT-LINKED": ("integrity", "a link is where a job wrote a result"),
    "OUTPUT-MODIFIED": ("integrity", "a result is not what the job wrote"),
    "FIGURE-ID-CHANGED": ("integrity", "a figure names another recipe than its record"),
    "BENCHMARK-MODIFIED": ("lock", "a measured time is not the one that was sealed"),
    "CYCLE": ("chain", "a result was made from itself"),
    "STALE-INPUT": ("chain", "a job read another file than the one that is there now"),
    "UNTRACKED-FIGURE": ("integrity", "a figure that no job made"),
    "UNTRACKED-OUTPUT": ("integrity", "a result that no job made"),
    "CONFIGURATION-CHANGED": ("fresh", "a configuration file is not the one that the job ran with"),
    "ENVIRONMENT-CHANGED": ("fresh", "requirements.lock is not the one that the job ran with"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: its name, the file that it is about, and what was found there."""

    kind: str
    where: str
    text: str

    def __str__(self) -> str:
        """One line, whatever the names in it hold."""
        return f"{self.kind:<18} {' '.join(self.where.split())}: {' '.join(self.text.split())}"


def within(findings: Iterable[Finding], level: Level) -> list[Finding]:
    """Findings up to a level, each once, causes first."""
    order = {kind: number for number, kind in enumerate(KINDS)}
    limit = LEVELS.index(level)
    kept = {finding for finding in findings if LEVELS.index(KINDS[finding.kind][0]) <= limit}
    return sorted(kept, key=lambda finding: (order[finding.kind], finding.where, finding.text))
