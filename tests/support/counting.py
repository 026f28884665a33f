# SPDX-License-Identifier: MIT
"""Run the unittest cases of a script and end with the line that script/test adds up."""

import sys
import unittest


def run(module: str) -> int:
    """All cases of `module`; the last line of output is "N passed, N failed"."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    # Sub-tests can put one case into the lists several times.
    failed = {getattr(case, "test_case", case).id() for case, _ in result.failures + result.errors}
    skipped = len(result.skipped)
    if skipped:
        print(f"{skipped} skipped")
    print(f"{max(result.testsRun - len(failed) - skipped, 0)} passed, {len(failed)} failed")
    return 0 if result.wasSuccessful() else 1
