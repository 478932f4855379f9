"""Just enough C++ lexing for the rules: comments and literals blanked out, lambdas and co_await expressions found."""
import re

RAW_STRING = re.compile(r'(?:u8|[uUL])?R"([^()\\\s]{0,16})\(')
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
OPENERS, CLOSERS = "([{", ")]}"


def blank(text):
    """The same text, length and line breaks, with comments, strings and characters replaced by spaces."""
    out = list(text)

    def wipe(start, end):
        for index in range(start, min(end, len(out))):
            if out[index] != "\n":
                out[index] = " "

    i, n = 0, len(text)
    while i < n:
        two = text[i : i + 2]
        raw = RAW_STRING.match(text, i) if text[i] in 'uULR' and not (i and (text[i - 1].isalnum() or text[i - 1] == "_")) else None
        if two == "//":
            end = text.find("\n", i)
            end = n if end < 0 else end
        elif two == "/*":
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
        elif raw:
            close = ")" + raw.group(1) + '"'
            end = text.find(close, raw.end())
            end = n if end < 0 else end + len(close)
        elif text[i] == '"' or (text[i] == "'" and not (i and text[i - 1].isalnum())):
            end = i + 1
            while end < n and text[end] != text[i] and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            end += 1
        else:
            i += 1
            continue
        wipe(i, end)
        i = end
    return "".join(out)


def matching(code, opener):
    """Index of the bracket that closes the one at `opener`, or the end of the text."""
    depth = 0
    for index in range(opener, len(code)):
        if code[index] in OPENERS:
            depth += 1
        elif code[index] in CLOSERS:
            depth -= 1
            if depth == 0:
                return index
    return len(code) - 1


def line_of(code, index):
    return code.count("\n", 0, index) + 1


class Lambda:
    def __init__(self, code, start):
        self.start = start
        self.capture_end = matching(code, start)
        self.captures = code[start + 1 : self.capture_end].strip()
        self.body = code.find("{", self.capture_end)
        self.end = matching(code, self.body) if self.body >= 0 else self.capture_end


def lambdas(code):
    """Every lambda literal of blanked code, outer ones first."""
    found = []
    for index, char in enumerate(code):
        if char != "[" or code[index : index + 2] == "[[" or code[index - 1 : index + 1] == "[[":
            continue
        before = code[:index].rstrip()[-1:]
        word = re.search(r"(\w+)\s*$", code[:index])
        is_subscript = before in (")", "]") or (word is not None and word.group(1) not in ("return", "co_return", "co_await", "co_yield"))
        if is_subscript:
            continue
        close = matching(code, index)
        after = code[close + 1 :].lstrip()
        if after[:1] in ("(", "{", "<") or after.startswith(("mutable", "->", "noexcept")):
            found.append(Lambda(code, index))
    return found


def awaited_expressions(code, found):
    """(start, end) of the full expression around each co_await; `found` are the lambdas of the code."""
    ends = {item.end: item.start for item in found}
    spans = []
    for match in re.finditer(r"\bco_await\b", code):
        spans.append((_expression_start(code, match.start(), ends), _expression_end(code, match.end())))
    return spans


def _expression_end(code, index):
    depth = 0
    while index < len(code):
        char = code[index]
        if char in OPENERS:
            depth += 1
        elif char == "}" and depth == 0 or char == ";" and depth <= 0:
            break
        elif char in CLOSERS:
            depth -= 1  # leaves the call or condition that the co_await stands in
            if depth < 0 and code[index + 1 :].lstrip()[:1] == "{":
                break  # the condition of an if or a loop ends here
        index += 1
    return index


def _expression_start(code, index, lambda_ends):
    index -= 1
    while index >= 0:
        char = code[index]
        if char in ";{":
            break
        if char == "}":
            if index not in lambda_ends:
                break
            index = lambda_ends[index]
        index -= 1
    return index + 1
