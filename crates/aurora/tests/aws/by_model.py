"""What arrives, by botocore's model of the service."""

import json
import re

from botocore.serialize import create_serializer
from botocore.validate import ParamValidator


def parse(shape, prefix, form):
    if shape.type_name == "structure":
        found = {}
        for name, member in shape.members.items():
            key = member.serialization.get("queryName") or member.serialization.get("name", name)
            path = f"{prefix}.{key}" if prefix else key
            if any(given == path or given.startswith(path + ".") for given in form):
                found[name] = parse(member, path, form)
        return found
    if shape.type_name == "list":
        if not shape.serialization.get("flattened"):
            prefix = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        found, number = [], 1
        while any(given == f"{prefix}.{number}" or given.startswith(f"{prefix}.{number}.") for given in form):
            found.append(parse(shape.member, f"{prefix}.{number}", form))
            number += 1
        return found
    text = form[prefix]
    if shape.type_name == "boolean":
        return {"true": True, "false": False}[text]
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name in ("double", "float"):
        return float(text)
    return text


def beyond_types(shape, value, path):
    """What botocore leaves to the service: enums, patterns, lengths."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from beyond_types(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            yield from beyond_types(shape.member, inner, f"{path}[]")
    elif shape.type_name == "string":
        enum = getattr(shape, "enum", None)
        if enum and value not in enum:
            yield f"{path}: {value!r} is none of {enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path}: {value!r} does not match {pattern}"
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{path}: longer than {shape.metadata['max']}"


def flat(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(float(value)).removesuffix(".0")
    return str(value)


def check_query(model, form):
    """A request of the query protocol: its action, its parameters, and what is wrong with it."""
    service = model.service_name
    action = form.pop("Action", None)
    version = form.pop("Version", None)
    if action not in model.operation_names:
        return action, {}, [f"no operation {action!r}"]
    operation = model.operation_model(action)
    problems = []
    if version != model.api_version:
        problems.append(f"version {version!r}")
    params = parse(operation.input_shape, "", form)
    report = ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        problems.append(report.generate_report())
    problems.extend(beyond_types(operation.input_shape, params, action))
    # Of the protocols of CloudWatch, our SDK speaks this one.
    protocol = "query" if service == "cloudwatch" else model.metadata["protocol"]
    written = create_serializer(protocol).serialize_to_request(params, operation)["body"]
    written = {name: flat(value) for name, value in written.items() if name not in ("Action", "Version")}
    for name in sorted(set(written) ^ set(form)):
        problems.append(f"{name}: {'not sent' if name in written else 'not known to the model'}")
    for name in set(written) & set(form):
        sent = form[name].removesuffix(".0") if re.fullmatch(r"[0-9]+\.0", form[name]) else form[name]
        if written[name] != sent and "Time" not in name:
            problems.append(f"{name}: {form[name]!r}, not {written[name]!r}")
    return action, params, problems


def check_json(model, action, body):
    """The same of a JSON protocol."""
    if action not in model.operation_names:
        return action, {}, [f"no operation {action!r}"]
    operation = model.operation_model(action)
    params = json.loads(body)
    report = ParamValidator().validate(params, operation.input_shape)
    problems = [report.generate_report()] if report.has_errors() else []
    problems += [f"{name}: not known to the model" for name in params if name not in operation.input_shape.members]
    problems.extend(beyond_types(operation.input_shape, params, action))
    return action, params, problems
