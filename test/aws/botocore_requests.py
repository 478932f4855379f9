"""Judges requests by AWS's models: usage botocore_requests.py REQUESTS MODELS.

REQUESTS has one JSON object per line: {service, operation, path, headers, is_signed, endpoint_prefix, signing_name,
host_prefix, body}. MODELS is a folder of service models in botocore's format, newer than Debian's own. Each body is read back
into parameters, validated, serialized by botocore and compared with what was sent. Exit code 1 when one is wrong.
"""
import json
import os
import sys
from urllib.parse import parse_qsl

import botocore.model
import botocore.serialize
import botocore.validate

FILES = {"states": "stepfunctions"}


def load(service, folder):
    name = FILES.get(service, service)
    with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
        return botocore.model.ServiceModel(json.load(file), name)


def unknown_members(shape, value, where):
    """ParamValidator of old versions lets unknown members pass."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{where}: unknown member {name}"
            else:
                yield from unknown_members(shape.members[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from unknown_members(shape.member, one, where)


def limits(shape, value, where):
    """Lengths, ranges, patterns of strings are left to AWS; enums and sizes are checked here."""
    meta = shape.metadata
    if shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from limits(shape.members[name], member, f"{where}.{name}")
        return
    size = value if shape.type_name in ("integer", "long", "double") else None
    if shape.type_name in ("string", "list", "map"):
        size = len(value)
    if size is not None and shape.type_name != "timestamp":
        if "min" in meta and size < meta["min"]:
            yield f"{where}: below {meta['min']}"
        if "max" in meta and size > meta["max"]:
            yield f"{where}: above {meta['max']}"
    if "enum" in meta and value not in meta["enum"]:
        yield f"{where}: {value} is none of {meta['enum']}"


def parameters_of_form(operation, body):
    fields = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
    assert fields.pop("Action") == operation.name
    assert fields.pop("Version") == operation.service_model.api_version
    members = operation.input_shape.members if operation.input_shape else {}
    return {k: int(v) if members[k].type_name == "integer" else v for k, v in fields.items()}


def content_type(model):
    if model.metadata["protocol"] == "query":
        return "application/x-www-form-urlencoded; charset=utf-8"
    if model.metadata["protocol"] == "rest-json":
        return "application/json"
    return "application/x-amz-json-" + model.metadata["jsonVersion"]


def problems(model, sent):
    operation = model.operation_model(sent["operation"])
    protocol = model.metadata["protocol"]
    query = protocol == "query"
    params = parameters_of_form(operation, sent["body"]) if query else json.loads(sent["body"])
    if operation.input_shape is not None:
        report = botocore.validate.ParamValidator().validate(params, operation.input_shape)
        if report.has_errors():
            yield report.generate_report()
        yield from unknown_members(operation.input_shape, params, "input")
        yield from limits(operation.input_shape, params, "input")
    theirs = botocore.serialize.create_serializer(protocol, False).serialize_to_request(params, operation)
    body = theirs["body"]
    if query:
        if {k: str(v) for k, v in body.items()} != dict(parse_qsl(sent["body"], keep_blank_values=True)):
            yield f"body {sent['body']} is not {body}"
    elif json.loads(body or "{}") != params:
        yield f"body {sent['body']} is not {body}"
    if theirs["url_path"] != sent["path"] or theirs["method"] != "POST":
        yield f"path {sent['path']} is not {theirs['url_path']}"
    target = theirs["headers"].get("X-Amz-Target", "")
    if sent["headers"].get("x-amz-target", "") != target:
        yield f"target is not {target}"
    if sent["headers"]["content-type"] != content_type(model):
        yield f"content type is not {content_type(model)}"
    if sent["is_signed"] == (operation.auth_type == "none"):
        yield "signed, or not signed, against the model"
    if sent["endpoint_prefix"] != ((operation.endpoint or {}).get("hostPrefix", "")):
        yield "host prefix against the model"
    if sent["signing_name"] != model.signing_name or sent["host_prefix"] != model.endpoint_prefix:
        yield "signing name or host against the model"


def main(requests, folder):
    models, count, wrong = {}, 0, 0
    with open(requests, encoding="utf-8") as lines:
        for line in lines:
            sent = json.loads(line)
            count += 1
            model = models.setdefault(sent["service"], None) or load(sent["service"], folder)
            models[sent["service"]] = model
            for problem in problems(model, sent):
                wrong += 1
                print(f"{sent['service']} {sent['operation']}: {problem}")
    print(f"{count} requests, {wrong} problems")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
