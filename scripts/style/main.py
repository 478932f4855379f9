"""The command line of scripts/check-style."""
import argparse
import sys
from pathlib import Path

from . import requirements, rules


def print_requirements(tree, root, options):
    specification = Path(options.spec) if options.spec else root.parent / "shared" / "spec.md"
    if not specification.is_file():
        print(f"no specification at {specification}: nothing to compare with")
        return 0
    families = set(filter(None, (options.families or "").split(",")))
    lines, missing = requirements.report(tree, specification.read_text(encoding="utf-8"), families)
    print("\n".join(lines))
    return 1 if missing and options.strict else 0


def main(arguments, root):
    parser = argparse.ArgumentParser(prog="check-style", description="Checks the style of the project.")
    parser.add_argument("--requirements", action="store_true", help="which requirement has a test, and which has none")
    parser.add_argument("--families", help="with --requirements: only these, as in PLAT,GLUE")
    parser.add_argument("--strict", action="store_true", help="with --requirements: fail where a test is missing")
    parser.add_argument("--spec", help="with --requirements: the specification's file")
    parser.add_argument("--list-long", action="store_true", help=f"files above {rules.LONG_LINES} lines")
    parser.add_argument("--no-format", action="store_true", help="leave clang-format out")
    options = parser.parse_args(arguments)

    tree = rules.Tree.of_git(root)
    if options.requirements:
        return print_requirements(tree, root, options)
    if options.list_long:
        for lines, name in sorted(((t.count("\n"), n) for n, t in tree.sources().items()), reverse=True):
            if lines > rules.LONG_LINES:
                print(f"{lines:5} {name}")
        return 0
    problems = [problem for rule in rules.RULES if not (options.no_format and rule is rules.formatting)
                for problem in rule(tree)]
    for problem in sorted(problems):
        print(f"{problem.path}:{problem.line}: {problem.message}", file=sys.stderr)
    print(f"{len(tree.sources())} source files, {len(rules.RULES)} rules, {len(problems)} problems")
    return 1 if problems else 0
