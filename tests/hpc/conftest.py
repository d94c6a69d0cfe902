"""These tests start a SLURM, as root: `make test-hpc` runs them; FULL=1 those of all faults too."""

import os

collect_ignore_glob = [] if "MEMGEN_HPC" in os.environ else ["test_*.py"]
