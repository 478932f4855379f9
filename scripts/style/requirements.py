"""Which requirement has a test that names it. The specification is not part of the repository; without it there is
nothing to compare with."""
import re

ID = re.compile(r"\b(PLAT|GLUE|BATCH|SM|SFN|TASK|CON|SAFE|PERF)-(\d+)\b")
# A range or a list after the first id, as in "SAFE-1, -3".
DEFINED = re.compile(r"^- ((?:PLAT|GLUE|BATCH|SM|SFN|TASK|CON|SAFE)-\d+)\b", re.M)


def order(name):
    family, number = name.split("-")
    return family, int(number)


def defined(specification):
    return sorted(set(DEFINED.findall(specification)), key=order)


def is_test(name):
    return (name.endswith(("_test.cpp", "_fuzz.cpp")) or name.startswith("test/") or
            re.search(r"(^|/)test_[^/]*\.py$|\.test\.m?[jt]sx?$", name) is not None)


def tests_of(tree):
    """Requirement id to the test files that name it."""
    found = {}
    for name, text in tree.files.items():
        if is_test(name):
            for family, number in ID.findall(text):
                found.setdefault(f"{family}-{number}", set()).add(name)
    return found


def report(tree, specification, families):
    """Lines to print, and the ids without a test."""
    covered = tests_of(tree)
    wanted = [name for name in defined(specification) if not families or name.split("-")[0] in families]
    missing = [name for name in wanted if name not in covered]
    lines = [f"{name:9} {', '.join(sorted(covered[name]))}" for name in wanted if name in covered]
    lines.append(f"{len(wanted) - len(missing)} of {len(wanted)} requirements have a test that names them")
    if missing:
        lines.append("no test names: " + ", ".join(missing))
    return lines, missing
