#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hydra-cli from the outside.

    test_cli.py BUILD_FOLDER
"""

import sys

from support import CliTest  # first: it finds the shared modules
from test_files import *  # noqa: F401,F403
from test_gpu import *  # noqa: F401,F403
from test_manual import *  # noqa: F401,F403
from test_noise import *  # noqa: F401,F403
from test_progress import *  # noqa: F401,F403
from test_project import *  # noqa: F401,F403
from test_remote import *  # noqa: F401,F403
from test_results import *  # noqa: F401,F403
from test_signals import *  # noqa: F401,F403
from test_storage import *  # noqa: F401,F403
from test_streams import *  # noqa: F401,F403
from test_usage import *  # noqa: F401,F403

import counting

del CliTest  # a base, no test

if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
