"""A summary that lies is worse than none: each runner's closing lines are understood."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from count_results import count  # noqa: E402


class CountTest(unittest.TestCase):
    def test_ctest(self):
        self.assertEqual(count("100% tests passed, 0 tests failed out of 312\n", 0), (312, 0))
        self.assertEqual(count("98% tests passed, 2 tests failed out of 100\n", 8), (98, 2))

    def test_ctest_that_skipped(self):
        self.assertEqual(count("2/3 Test #2: a ....***Skipped\n\n100% tests passed, 0 tests failed out of 3\n\t  2 - a (Skipped)\n", 0), (2, 1))

    def test_unittest(self):
        self.assertEqual(count("Ran 12 tests in 3.1s\n\nOK\n", 0), (12, 0))
        self.assertEqual(count("Ran 12 tests in 3.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n", 1), (8, 4))
        self.assertEqual(count("Ran 3 tests in 1s\n\nOK (skipped=3)\n", 0), (0, 3))
        self.assertEqual(count("Ran 0 tests in 0.0s\n\nNO TESTS RAN\n", 5), (0, 1))

    def test_vitest_with_colours(self):
        self.assertEqual(count("\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m15 passed\x1b[39m\x1b[22m\x1b[90m (15)\x1b[39m\n", 0), (15, 0))
        self.assertEqual(count("      Tests  3 failed | 12 passed (15)\n", 1), (12, 3))

    def test_node(self):
        self.assertEqual(count("# tests 4\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 0\n# todo 0\n", 1), (3, 1))
        self.assertEqual(count("ℹ pass 3\nℹ fail 0\n", 0), (3, 0))
        self.assertEqual(count("# pass 3\n# fail 1\n# skipped 1\nmore\n# pass 4\n# fail 0\n# skipped 1\n", 1), (7, 3))

    def test_our_own_line_is_not_added_to_what_it_sums_up(self):
        self.assertEqual(count("Ran 2 tests in 1s\n\nOK\n2 passed, 0 failed\n", 0), (2, 0))

    def test_nothing_ran_is_a_failure(self):
        self.assertEqual(count("", 0), (0, 1))
        self.assertEqual(count("0 passed, 0 failed\n", 0), (0, 1))

    def test_crash_after_good_tests_is_a_failure(self):
        self.assertEqual(count("Ran 2 tests in 1s\n\nOK\n", 139), (2, 1))


if __name__ == "__main__":
    unittest.main()
