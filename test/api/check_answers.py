#!/usr/bin/env python3
"""Runs the API tests and holds every exchange that they record to the OpenAPI document that the API serves.

    check_answers.py TEST_PROGRAM

Answers may hold nothing that their schema does not name; accepted request bodies must fit theirs. Needs Debian's
python3-jsonschema.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
import jsonschema  # noqa: E402

METHODS = ("get", "post", "put", "delete")
PREFIX = "/api/v1"


class Document:
    def __init__(self, text):
        self.document = json.loads(text)
        self.schemas = self.document["components"]["schemas"]
        assert self.document["openapi"].startswith("3.1")
        for name, schema in self.schemas.items():
            jsonschema.Draft202012Validator.check_schema(schema)
            assert name[0].isupper(), name

    def problems(self, schema, value, strict):
        whole = {"components": {"schemas": copy.deepcopy(self.schemas)}, **schema}
        if strict:
            whole["unevaluatedProperties"] = False
        validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator.iter_errors(value)]

    def operation(self, exchange):
        return self.document["paths"][PREFIX + exchange["pattern"]][exchange["method"].lower()]

    def check(self, exchange):
        """What is wrong with one exchange."""
        status, body = exchange["status"], exchange["response"]
        if exchange["content_type"] == "application/problem+json":
            value = json.loads(body)
            if value["status"] != status:
                return [f"status {status} with a problem of status {value['status']}"]
            return self.problems({"$ref": "#/components/schemas/Problem"}, value, True)
        if "pattern" not in exchange:
            return ["an answer without a route"]
        operation = self.operation(exchange)
        if status == 304:
            return []
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [f"status {status} is not in the document"]
        if "content" not in answer:
            return [f"a body where the document has none: {body}"] if body else []
        found = self.problems(answer["content"][exchange["content_type"]]["schema"], json.loads(body), True)
        if exchange["request"]:
            if "requestBody" not in operation:
                return found + ["a request body was accepted that the document does not have"]
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            found += [f"request: {problem}" for problem in self.problems(schema, json.loads(exchange["request"]), False)]
        return found


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "exchanges.jsonl")
        subprocess.run([program, "--gtest_brief=1"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "POLYSYNC_API_EXCHANGES": log})
        with open(log, encoding="utf-8") as lines:
            exchanges = [json.loads(line) for line in lines]
    document = Document(next(e["response"] for e in exchanges if e.get("pattern") == "/openapi.json"))
    failures = 0
    for exchange in exchanges:
        for problem in document.check(exchange):
            failures += 1
            print(f"{exchange['method']} {exchange['path']} -> {exchange['status']}: {problem}")
    good = {(e["method"], e["pattern"]) for e in exchanges if e["status"] < 400}
    known = {(method.upper(), path[len(PREFIX):]) for path, item in document.document["paths"].items() for method in item if method in METHODS}
    streams = {("GET", "/events")}  # the server's test follows it
    for method, pattern in sorted(known - good - streams):
        failures += 1
        print(f"{method} {pattern}: no test has a good answer of it")
    print(f"{len(exchanges)} exchanges, {len(known)} operations, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
