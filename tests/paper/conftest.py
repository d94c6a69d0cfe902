"""These tests run several hundred jobs: `make test-paper` runs them, and nothing else does."""

import os

collect_ignore_glob = [] if "MEMGEN_PAPER" in os.environ else ["test_*.py"]
