"""These tests build the container's image: `make test-container` runs them, and nothing else does."""

import os

collect_ignore_glob = [] if "MEMGEN_CONTAINER" in os.environ else ["test_*.py"]
