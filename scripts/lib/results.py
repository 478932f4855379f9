#!/usr/bin/env python3
"""Test results of the different runners in one form: "passed failed skipped", three numbers on a line.

    results.py gtest FOLDER       sums the XML reports that GoogleTest programs wrote there
    results.py tap FILE           reads the summary of `node --test --test-reporter=tap`
    results.py unittest FOLDER    runs the Python tests FOLDER/**/test_*.py, a file on each core; the numbers go to file descriptor 3
    results.py file PATH          runs the tests of one such file
"""
import os
import re
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def gtest(folder):
    passed = failed = skipped = 0
    for path in Path(folder).glob("*.xml"):
        try:
            cases = list(ET.parse(path).iter("testcase"))
        except ET.ParseError:  # the program died while writing; ctest reports that itself
            failed += 1
            continue
        for case in cases:
            if case.get("status") == "notrun" or case.find("skipped") is not None or case.get("result") == "skipped":
                skipped += 1
            elif case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            else:
                passed += 1
    return passed, failed, skipped


def tap(text):
    def number(word):
        found = re.search(rf"^# {word} (\d+)$", text, re.M)
        return int(found.group(1)) if found else 0

    return number("pass"), number("fail") + number("cancelled"), number("skipped") + number("todo")


class TimedResult(unittest.TextTestResult):
    """Says after each test how long it took, and keeps count of those that passed."""

    passed = 0

    def startTest(self, test):
        self.started_at = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.passed += 1
        super().addSuccess(test)

    def stopTest(self, test):
        seconds = time.monotonic() - self.started_at
        if seconds > 5:
            self.stream.writeln(f"    ({seconds:.1f} s)")
        super().stopTest(test)


def takes_minutes(path):
    """Such a file says so, and starts before the others."""
    return re.search(r"^TAKES_MINUTES = True$", path.read_text(encoding="utf-8"), re.M) is not None


def run_in_process(path):
    done = subprocess.run([sys.executable, __file__, "file", str(path)], capture_output=True, text=True)
    print(done.stderr, end="", file=sys.stderr, flush=True)
    lines = done.stdout.splitlines()
    print("\n".join(lines[:-1]), end="\n" if lines[1:] else "", flush=True)
    return tuple(int(number) for number in lines[-1].split()) if done.returncode in (0, 1) and lines else (0, 1, 0)


def run_unittest(folder):
    paths = sorted(Path(folder).rglob("test_*.py"), key=lambda path: (not takes_minutes(path), path))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(run_in_process, paths))
    return tuple(sum(column) for column in zip(*counts))


def run_file(path):
    sys.dont_write_bytecode = True
    path = Path(path).resolve()
    top = path.parent
    while (top / "__init__.py").exists():
        top = top.parent
    sys.path.insert(0, str(top))
    suite = unittest.defaultTestLoader.loadTestsFromName(".".join(path.relative_to(top).with_suffix("").parts))
    result = unittest.TextTestRunner(verbosity=2, resultclass=TimedResult).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    return result.passed + len(result.expectedFailures), failed, len(result.skipped)


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("gtest", "tap", "unittest", "file"):
        print(__doc__, file=sys.stderr)
        return 2
    mode, what = arguments
    if mode == "unittest":
        counts = run_unittest(what)
        with os.fdopen(3, "w") as out:
            print(*counts, file=out)
        return 1 if counts[1] else 0
    if mode == "file":
        counts = run_file(what)
        print(*counts)
        return 1 if counts[1] else 0
    counts = gtest(what) if mode == "gtest" else tap(Path(what).read_text(encoding="utf-8", errors="replace"))
    print(*counts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
