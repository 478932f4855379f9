"""The rules. Each takes a Tree and yields Problems; RULES lists them all."""
import re
import shutil
import subprocess
from collections import namedtuple

from . import cpp

Problem = namedtuple("Problem", "path line message")

MAX_LINES, LONG_LINES = 600, 400
SOURCE = (".cpp", ".h", ".py", ".sh", ".js", ".mjs", ".ts", ".tsx", ".go")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
# Libraries whose headers cost seconds of each compilation: only .cpp files name them.
HEAVY = re.compile(r"^(boost/beast|CLI/|yaml-cpp/|spdlog/|simdjson|prometheus/)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\b[Nn]ot[ _]?[Ii]mplemented\b|\bstub(?:bed)? out\b")
SNAKE_CASE = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)*(\.[a-z0-9]+)+$")


class Tree:
    """The files of the project: relative path to text. Binary and foreign files are left out."""

    def __init__(self, root, files):
        self.root, self.files = root, files

    @classmethod
    def of_git(cls, root):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True).stdout
        files = {}
        for name in filter(None, listed.split("\0")):
            path = root / name
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                if b"\0" not in data[:4096]:
                    files[name] = data.decode("utf-8", "replace")
        return cls(root, files)

    def cpp_files(self):
        return {name: text for name, text in self.files.items() if name.endswith((".cpp", ".h"))}

    def sources(self):
        return {name: text for name, text in self.files.items()
                if name.endswith(SOURCE) or (name.startswith("scripts/") and "." not in name.rsplit("/", 1)[-1])}


def formatting(tree):
    tool = shutil.which("clang-format-14")
    if tool is None:
        yield Problem("scripts/check-style", 0, "clang-format-14 is missing: run scripts/setup test")
        return
    names = sorted(tree.cpp_files())
    if not names:
        return
    run = subprocess.run([tool, "--dry-run", *names], cwd=tree.root, capture_output=True, text=True)
    seen = set()
    for match in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error): code should be clang-formatted", run.stderr, re.M):
        if match.group(1) not in seen:
            seen.add(match.group(1))
            yield Problem(match.group(1), int(match.group(2)), "is not formatted: scripts/lint --fix")


def folder_table(architecture):
    """The table of ARCHITECTURE.md: folder to the set of folders that it may include, transitively."""
    rows = re.findall(r"^\|\s*`src/(\w+)`\s*\|.*\|([^|]*)\|\s*$", architecture, re.M)
    folders = {name for name, _ in rows}
    direct = {name: folders if "everything" in allowed else {word for word in re.findall(r"\w+", allowed) if word in folders}
              for name, allowed in rows}
    closed = {}
    for name in direct:
        reached, waiting = set(), [name]
        while waiting:
            for other in direct[waiting.pop()] - reached:
                reached.add(other)
                waiting.append(other)
        closed[name] = reached | {name}
    return closed


def include_directions(tree):
    table = folder_table(tree.files.get("ARCHITECTURE.md", ""))
    if not table:
        yield Problem("ARCHITECTURE.md", 0, "has no table of folders")
        return
    for name, text in tree.cpp_files().items():
        parts = name.split("/")
        if parts[0] != "src" or len(parts) < 3:
            continue
        if parts[1] not in table:
            yield Problem(name, 0, f"folder src/{parts[1]} is not in the table of ARCHITECTURE.md")
            continue
        is_test = name.endswith(("_test.cpp", "_test_kit.h"))
        for match in INCLUDE.finditer(text):
            line = cpp.line_of(text, match.start())
            quoted, target = match.group(1) == '"', match.group(2)
            if quoted:
                folder = target.split("/")[0]
                if "/" not in target:
                    yield Problem(name, line, f'"{target}" must be named from src: "{parts[1]}/…"')
                elif folder in table and folder not in table[parts[1]]:
                    yield Problem(name, line, f"src/{parts[1]} may not include {folder} (ARCHITECTURE.md)")
                elif folder == "test" and not is_test:
                    yield Problem(name, line, "only tests include test/")
            elif name.endswith(".h") and HEAVY.match(target):
                yield Problem(name, line, f"<{target}> in a header slows every file down: hide it in a .cpp")


def sizes(tree):
    for name, text in tree.sources().items():
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield Problem(name, 0, f"{lines} lines; {MAX_LINES} is the limit: give each part one purpose")


CONDITIONAL_AWAIT = re.compile(r"\?[^;{}]*?\bco_await\b|\bco_await\b[^;{}]*\?")


def coroutine_traps(tree):
    for name, text in tree.cpp_files().items():
        if "co_" not in text:
            continue
        code = cpp.blank(text)
        found = cpp.lambdas(code)
        for start, end in cpp.awaited_expressions(code, found):
            for item in found:
                if start <= item.start < end:
                    yield Problem(name, cpp.line_of(code, item.start),
                                  "lambda inside a co_await expression (g++ 12 destroys it twice): name it first")
                    break
        for match in CONDITIONAL_AWAIT.finditer(code):
            yield Problem(name, cpp.line_of(code, match.start()),
                          "'?' in an expression with co_await (g++ 12 destroys its temporaries twice): use if and else")
        for item in found:
            if not item.captures or item.body < 0:
                continue
            body = code[item.body : item.end + 1]
            for inner in found:  # what a nested lambda awaits is its own affair
                if item.start < inner.start < item.end:
                    offset, length = inner.start - item.body, inner.end - inner.start + 1
                    body = body[: max(offset, 0)] + " " * length + body[max(offset, 0) + length :]
            if re.search(r"\bco_(await|return|yield)\b", body):
                yield Problem(name, cpp.line_of(code, item.start),
                              "coroutine lambda with captures, which it may outlive: pass arguments to a function")


def unfinished(tree):
    for name, text in tree.files.items():
        if name.startswith("scripts/style/") or name.endswith((".json", ".xml", ".txt")) or name == "LICENSE":
            continue
        for match in UNFINISHED.finditer(text):
            yield Problem(name, cpp.line_of(text, match.start()), f'unfinished: "{match.group(0)}"')


def names_and_guards(tree):
    for name, text in tree.cpp_files().items():
        if not SNAKE_CASE.match(name.rsplit("/", 1)[-1]):
            yield Problem(name, 0, "file names are snake_case")
        if name.endswith(".h") and "#pragma once" not in text:
            yield Problem(name, 1, "a header needs #pragma once")
        if name.startswith("src/") and not text.lstrip().startswith(("//", "#include", "/*")):
            yield Problem(name, 1, "a file begins with what it is for")


def slug(heading):
    """GitHub's anchor of a heading."""
    text = re.sub(r"[`*_]", "", heading.strip().lower()) if "`" in heading else heading.strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def markdown_links(tree):
    for name, text in tree.files.items():
        if not name.endswith(".md"):
            continue
        prose = re.sub(r"^(```|~~~).*?^\1", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M | re.S)
        for match in re.finditer(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", prose):
            link = match.group(1)
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            line = cpp.line_of(prose, match.start())
            path = (tree.root / name).parent / target if target else tree.root / name
            if not path.exists():
                yield Problem(name, line, f"link to {link}: no such file")
            elif anchor and path.suffix == ".md":
                headings = re.findall(r"^#+\s+(.*)$", path.read_text(encoding="utf-8"), re.M)
                if anchor not in {slug(h) for h in headings}:
                    yield Problem(name, line, f"link to {link}: no such heading")


RULES = [formatting, include_directions, sizes, coroutine_traps, unfinished, names_and_guards, markdown_links]
