"""These tests emulate processors with qemu-user: `make test-portable` runs them; FULL=1 all of them."""

import os

collect_ignore_glob = [] if "MEMGEN_PORTABLE" in os.environ else ["test_*.py"]
