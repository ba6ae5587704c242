"""What Stripe accepts and answers: checks requests and responses against an OpenAPI file of its API.

`endive.json` beside this file is derived from the SDK's own types, and so is `balance_transactions.json`, which has
what that one lacks. Each check returns a list of complaints.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from payments.sandbox.http.encoding import decode

Schema = dict[str, Any]


def request(method: str, url: str, body: str = "") -> list[str]:
    """Complaints about a form-encoded request; unknown parameters are one at every depth."""
    parts = urlsplit(url)
    operation = operation_of(method, parts.path)
    if operation is None:
        return [f"unrecognized request URL ({method}: {parts.path})"]
    if method.upper() == "POST":
        schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        return list(complaints_about_sent(decode(body), schema, ""))
    return list(complaints_about_sent(decode(parts.query), query_schema(operation), ""))


def response(method: str, url: str, status: int, answer: Any) -> list[str]:
    """Complaints about a JSON response."""
    operation = operation_of(method, urlsplit(url).path)
    if operation is None:
        return [f"unrecognized request URL ({method}: {url})"]
    described = operation["responses"].get(str(status)) or operation["responses"]["default"]
    return list(complaints_about(answer, described["content"]["application/json"]["schema"], "$"))


def resource(name: str, value: Any) -> list[str]:
    """Complaints about one object, such as a `checkout.session`."""
    return list(complaints_about(value, spec()["components"]["schemas"][name], name))


@cache
def spec() -> Schema:
    loaded, more = (
        json.loads(Path(__file__).with_name(name).read_text()) for name in ("endive.json", "balance_transactions.json")
    )
    loaded["paths"] |= more["paths"]
    loaded["components"]["schemas"] |= more["components"]["schemas"]
    described: Schema = loaded
    return described


def operation_of(method: str, path: str) -> Schema | None:
    # Fixed paths before those with a parameter, as a router would.
    for pattern in sorted(spec()["paths"], key=lambda pattern: pattern.count("{")):
        operation: Schema | None = spec()["paths"][pattern].get(method.lower())
        if operation is not None and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            return operation
    return None


def query_schema(operation: Schema) -> Schema:
    parameters = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    return {
        "type": "object",
        "properties": {parameter["name"]: parameter["schema"] for parameter in parameters},
        "required": [parameter["name"] for parameter in parameters if parameter.get("required")],
    }


def resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**spec()["components"]["schemas"][name], **beside}
    return schema


def fewest(alternatives: list[list[str]]) -> list[str]:
    return min(alternatives, key=len)


# What is sent is text; a hash and an array are told apart by the schema only.
PATTERNS = {
    "integer": r"-?\d{1,18}",
    "number": r"-?\d+(\.\d+)?",
    "boolean": "true|false",
    "string": r"(?s).*",
}


def complaints_about_sent(value: Any, schema: Schema, at: str) -> list[str]:
    schema = resolved(schema)
    if "anyOf" in schema:
        return fewest([complaints_about_sent(value, each, at) for each in schema["anyOf"]])
    if schema.get("type") in ("object", "array"):
        if not isinstance(value, dict):
            return [f"{at}: expected {schema['type']}, got {value!r}"]
        return about_sent_hash(value, schema, at) if schema["type"] == "object" else about_sent_array(value, schema, at)
    if isinstance(value, dict):
        return [f"{at}: unexpected hash"]
    return about_sent_text(value, schema, at)


def about_sent_hash(value: Schema, schema: Schema, at: str) -> list[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    missing = [name for name in schema.get("required", []) if name not in value]
    complaints = [f"missing required param: {inside(at, name)}" for name in missing]
    for name, item in value.items():
        if name in properties or isinstance(others, dict):
            complaints += complaints_about_sent(item, properties.get(name, others), inside(at, name))
        elif not others:
            complaints.append(f"unknown parameter: {inside(at, name)}")
    return complaints


def about_sent_array(value: Schema, schema: Schema, at: str) -> list[str]:
    if sorted(value) != sorted(str(index) for index in range(len(value))):
        return [f"{at}: array indexes {list(value)}"]
    return [
        complaint
        for index, item in value.items()
        for complaint in complaints_about_sent(item, schema.get("items", {}), inside(at, index))
    ]


def about_sent_text(value: str, schema: Schema, at: str) -> list[str]:
    if not re.fullmatch(PATTERNS[schema.get("type", "string")], value):
        return [f"{at}: invalid {schema['type']}: {value}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not one of {schema['enum'][:12]}"]
    if len(value) > schema.get("maxLength", len(value)):
        return [f"{at}: longer than {schema['maxLength']}"]
    if schema.get("format") == "decimal" and not re.fullmatch(r"-?\d+(\.\d{1,12})?", value):
        return [f"{at}: invalid decimal: {value}"]
    return []


TYPES: dict[str, type] = {"integer": int, "boolean": bool, "string": str, "array": list, "object": dict}


def complaints_about(value: Any, schema: Schema, at: str) -> list[str]:
    nullable = schema.get("nullable")
    schema = resolved(schema)
    if value is None:
        return [] if nullable or schema.get("nullable") else [f"{at}: null not allowed"]
    if "anyOf" in schema:
        return fewest([complaints_about(value, each, at) for each in schema["anyOf"]])
    if not is_of_type(value, schema.get("type")):
        return [f"{at}: expected {schema['type']}, got {value!r}"]
    if isinstance(value, dict):
        return about_object(value, schema, at)
    if isinstance(value, list):
        return [
            complaint
            for index, item in enumerate(value)
            for complaint in complaints_about(item, schema.get("items", {}), f"{at}[{index}]")
        ]
    closed = "enum" in schema and not schema.get("x-stripe-open-enum")
    return [f"{at}: {value!r} is not one of {schema['enum']}"] if closed and value not in schema["enum"] else []


def is_of_type(value: Any, name: str | None) -> bool:
    if name == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name is None:
        return True
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def about_object(value: Schema, schema: Schema, at: str) -> list[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    # Of what is deleted little is left, though the SDK types it as the whole.
    required = ["id", "object"] if value.get("deleted") is True else schema.get("required", [])
    complaints = [f"{at}.{name}: missing" for name in required if name not in value]
    for name, item in value.items():
        if name in properties or (isinstance(others, dict) and others):
            complaints += complaints_about(item, properties.get(name, others), f"{at}.{name}")
        elif properties and others in (None, False):
            complaints.append(f"{at}.{name}: not in schema")
    return complaints


def inside(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name
