"""Judges raw answers by AWS's own models: every member known, of the right JSON type, within its limits.

The models are those of src/sandbox/models, read by botocore's ServiceModel; Debian's botocore has the same ones, only older.
"""
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from botocore.model import ServiceModel

MODELS = Path(__file__).resolve().parents[3] / "src" / "sandbox" / "models"
SERVICES = ("glue", "batch", "sagemaker", "stepfunctions", "logs", "sts")

# What the model calls required and AWS leaves out all the same, or the reverse: (shape, member).
ABSENT_IN_PRACTICE = {("JobDetail", "startedAt")}
# Enums where the model is behind AWS's documentation.
OPEN_ENUMS = {"WorkerType"}


def load(service):
    return ServiceModel(json.loads((MODELS / f"{service}.json").read_text()), service)


def operations(service):
    return load(service).operation_names


class Judge:
    """Collects what is wrong with an answer; `seen` are the members that ever had a value."""

    def __init__(self):
        self.problems = []
        self.seen = set()

    def answer(self, service, operation, body):
        model = load(service).operation_model(operation)
        if service == "sts":
            result = next(iter(child for child in ET.fromstring(body) if child.tag.endswith("Result")), None)
            if result is None:
                self.problems.append(f"{operation}: no {operation}Result element")
            else:
                self._xml(result, model.output_shape, operation)
        else:
            members = json.loads(body)
            if model.output_shape is None:
                if members:
                    self.problems.append(f"{operation}: {members} where no member is known")
            else:
                self._value(members, model.output_shape, operation)
        return self.problems

    def error(self, service, operation, code):
        """Whether the model, or every AWS service, knows that error code."""
        shapes = load(service).operation_model(operation).error_shapes
        known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes} | {shape.name for shape in shapes}
        return code in known

    def _bad(self, path, text):
        self.problems.append(f"{path}: {text}")

    def _value(self, value, shape, path):
        check = {"structure": self._structure, "list": self._list, "map": self._map, "string": self._string,
                 "timestamp": self._timestamp}.get(shape.type_name)
        if check:
            check(value, shape, path)
        elif shape.type_name == "boolean":
            if not isinstance(value, bool):
                self._bad(path, f"{value!r} is no boolean")
        elif shape.type_name in ("integer", "long"):
            if not isinstance(value, int) or isinstance(value, bool):
                self._bad(path, f"{value!r} is no integer")
            self._bounds(value, shape, path)
        elif shape.type_name in ("double", "float"):
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                self._bad(path, f"{value!r} is no number")
        else:
            self._bad(path, f"type {shape.type_name} is not expected")

    def _structure(self, value, shape, path):
        if not isinstance(value, dict):
            return self._bad(path, f"{value!r} is no structure")
        for name, member in value.items():
            if name not in shape.members:
                self._bad(f"{path}.{name}", f"is no member of {shape.name}")
            elif member is None:
                self._bad(f"{path}.{name}", "is null: AWS leaves members out")
            else:
                self.seen.add(f"{shape.name}.{name}")
                self._value(member, shape.members[name], f"{path}.{name}")
        for name in shape.required_members:
            if name not in value and (shape.name, name) not in ABSENT_IN_PRACTICE:
                self._bad(f"{path}.{name}", "is required and absent")

    def _list(self, value, shape, path):
        if not isinstance(value, list):
            return self._bad(path, f"{value!r} is no list")
        for index, item in enumerate(value):
            self._value(item, shape.member, f"{path}[{index}]")

    def _map(self, value, shape, path):
        if not isinstance(value, dict):
            return self._bad(path, f"{value!r} is no map")
        for key, item in value.items():
            self._value(item, shape.value, f"{path}[{key}]")

    def _string(self, value, shape, path):
        if not isinstance(value, str):
            return self._bad(path, f"{value!r} is no string")
        if shape.enum and shape.name not in OPEN_ENUMS and value not in shape.enum:
            self._bad(path, f"{value!r} is none of {shape.enum}")
        self._bounds(len(value), shape, path)

    def _timestamp(self, value, shape, path):
        # JSON 1.x and our REST-JSON shapes with timestamps: epoch seconds, of this century.
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 9e8 < value < 4.2e9:
            self._bad(path, f"{value!r} is no time in epoch seconds")

    def _bounds(self, size, shape, path):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if isinstance(size, int) and (low is not None and size < low or high is not None and size > high):
            self._bad(path, f"{size} is not within {low} to {high}")

    def _xml(self, element, shape, path):
        for child in element:
            name = re.sub(r"^\{.*\}", "", child.tag)
            if name not in shape.members:
                self._bad(f"{path}.{name}", f"is no member of {shape.name}")
                continue
            self.seen.add(f"{shape.name}.{name}")
            member = shape.members[name]
            if member.type_name == "structure":
                self._xml(child, member, f"{path}.{name}")
            elif member.type_name == "integer":
                if not re.fullmatch(r"\d+", child.text or ""):
                    self._bad(f"{path}.{name}", f"{child.text!r} is no integer")
            elif member.type_name == "timestamp":
                if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", child.text or ""):
                    self._bad(f"{path}.{name}", f"{child.text!r} is no ISO 8601 time")
        for name in shape.required_members:
            if not any(child.tag.endswith("}" + name) for child in element):
                self._bad(f"{path}.{name}", "is required and absent")
