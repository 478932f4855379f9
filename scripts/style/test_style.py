"""Tests of the style rules: each must find what it is for, and nothing else."""
import tempfile
import unittest
from pathlib import Path

from . import cpp, requirements, rules

TABLE = """
| folder | holds | may include |
| --- | --- | --- |
| `src/base` | Result | standard library |
| `src/http` | HttpClient | base |
| `src/aws` | clients | http |
| `src/sandbox` | a server | base |
| `src/app` | main | everything |
"""


def messages(rule, files, root=Path("/nowhere")):
    return [f"{p.path}:{p.line}: {p.message}" for p in rule(rules.Tree(root, files))]


class Lexing(unittest.TestCase):
    def test_comments_and_literals_vanish_and_lines_stay(self):
        text = 'a("x // y"); // co_await\n/* [&] */ R"js(" ) [x] {)js" \'"\' 1\'000 b'
        code = cpp.blank(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.split(), ["a(", ");", "1'000", "b"])

    def test_lambdas_are_told_from_subscripts_and_attributes(self):
        code = "[[nodiscard]] int f(); x[1](2); auto g = [a, &b](int c) { return [c] { return c; }; }; delete[] p; int q[] {1};"
        self.assertEqual([item.captures for item in cpp.lambdas(code)], ["a, &b", "c"])


class CoroutineTraps(unittest.TestCase):
    def check(self, body):
        return messages(rules.coroutine_traps, {"src/base/x.cpp": body})

    def test_finds_a_lambda_in_an_awaited_expression(self):
        found = self.check("Async<void> f() {\n  co_await g(\n    [x] { return x; });\n}")
        self.assertEqual(len(found), 1)
        self.assertIn(":3: lambda inside", found[0])
        self.assertEqual(len(self.check("auto r = wrap(co_await g([] { return 1; }));")), 1)
        self.assertEqual(len(self.check("f(co_await g(), [x] { return x; });")), 1)
        self.assertEqual(len(self.check("f([x] { return x; }, co_await g());")), 1)

    def test_finds_a_conditional_in_an_awaiting_expression(self):
        self.assertEqual(len(self.check("auto r = co_await g(x ? a() : b());")), 1)
        self.assertEqual(len(self.check("auto r = x ? co_await g() : co_await h();")), 1)
        self.assertEqual(len(self.check("auto r = x\n  ? 1\n  : co_await h();")), 1)
        self.assertEqual(self.check("auto r = x ? 1 : 2; co_await h(); log(\"?\");"), [])

    def test_finds_a_capturing_coroutine_lambda(self):
        self.assertEqual(len(self.check("auto f = [this]() -> Async<void> { co_await g(); };")), 1)

    def test_lets_the_safe_forms_be(self):
        self.assertEqual(self.check("auto done = [x] { return x; };\nco_await g(done);"), [])
        self.assertEqual(self.check("auto f = [](int x) -> Async<void> { co_await g(x); };"), [])
        self.assertEqual(self.check("auto f = [x] { spawn([](int y) -> Async<void> { co_return; }); };"), [])
        self.assertEqual(self.check("// co_await g([x] { });\nco_await g(list[0]);"), [])
        self.assertEqual(self.check("auto f = [x] { return 1; };\nfor (;;) { if (co_await g()) { h([y] { return y; }); } }"), [])
        self.assertEqual(self.check("Async<void> f() { h([y] { return y; }); if (x) { } co_await g(); }"), [])
        self.assertEqual(self.check("switch (co_await g()) { case 1: h([y] { return y; }); }"), [])


class IncludeDirections(unittest.TestCase):
    def check(self, name, include):
        return messages(rules.include_directions, {"ARCHITECTURE.md": TABLE, name: f"#include {include}\n"})

    def test_the_table_is_transitive(self):
        table = rules.folder_table(TABLE)
        self.assertEqual(table["aws"], {"aws", "http", "base"})
        self.assertEqual(table["app"], {"app", "base", "http", "aws", "sandbox"})

    def test_directions(self):
        self.assertEqual(self.check("src/aws/a.cpp", '"base/result.h"'), [])
        self.assertEqual(len(self.check("src/base/a.cpp", '"aws/a.h"')), 1)
        self.assertEqual(len(self.check("src/sandbox/a.cpp", '"http/a.h"')), 1)
        self.assertEqual(len(self.check("src/other/a.cpp", '"base/a.h"')), 1)
        self.assertEqual(len(self.check("src/aws/a.cpp", '"a.h"')), 1)

    def test_only_tests_include_test(self):
        self.assertEqual(self.check("src/aws/a_test.cpp", '"test/support/run_async.h"'), [])
        self.assertEqual(len(self.check("src/aws/a.cpp", '"test/support/run_async.h"')), 1)

    def test_heavy_headers_stay_in_cpp_files(self):
        self.assertEqual(len(self.check("src/aws/a.h", "<simdjson.h>")), 1)
        self.assertEqual(self.check("src/aws/a.cpp", "<simdjson.h>"), [])


class OtherRules(unittest.TestCase):
    def test_file_size(self):
        self.assertEqual(messages(rules.sizes, {"src/a.cpp": "\n" * 600}), [])
        self.assertEqual(len(messages(rules.sizes, {"src/a.cpp": "\n" * 601})), 1)

    def test_unfinished_marks(self):
        mark = "TO" + "DO"
        self.assertEqual(len(messages(rules.unfinished, {"src/a.cpp": f"// {mark}: later"})), 1)
        self.assertEqual(messages(rules.unfinished, {"src/a.cpp": "method_not_allowed; mkstemp(XXXXXX)"}), [])

    def test_names_and_guards(self):
        self.assertEqual(len(messages(rules.names_and_guards, {"src/base/BadName.cpp": "// x"})), 1)
        self.assertEqual(len(messages(rules.names_and_guards, {"src/base/a.h": "// x"})), 1)
        self.assertEqual(messages(rules.names_and_guards, {"src/base/a.h": "// x\n#pragma once"}), [])

    def test_markdown_links(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "A.md").write_text("# One `two` three\n")
            text = "[a](A.md) [b](A.md#one-two-three) [c](https://x) [d](B.md) [e](A.md#four)\n```\n[f](C.md)\n```\n"
            found = messages(rules.markdown_links, {"R.md": text}, root)
        self.assertEqual([line.split(": ")[1] for line in found], ["link to B.md", "link to A.md#four"])


class Requirements(unittest.TestCase):
    def test_report(self):
        tree = rules.Tree(Path("/nowhere"), {"src/a_test.cpp": "// GLUE-2, SAFE-1", "src/a.cpp": "// GLUE-10"})
        lines, missing = requirements.report(tree, "- GLUE-2 x\n- GLUE-10 y\n- SAFE-1 z\nGLUE-3\n", {"GLUE"})
        self.assertEqual(missing, ["GLUE-10"])
        self.assertIn("1 of 2 requirements", "\n".join(lines))


if __name__ == "__main__":
    unittest.main()
