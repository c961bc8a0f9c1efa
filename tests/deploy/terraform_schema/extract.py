#!/usr/bin/env python3
"""extract.py <package.zip> <resource or data source>… < nothing > schema.json

The AWS provider's schema of the given types, read out of the classes that were generated from it for
another tool (the package in tests/deploy/terraform_schema/README.md): there is a line above each
attribute that says whether it is computed, optional or required, and its type shows in how it is read.
"""
import json
import re
import sys
import zipfile

SET = re.compile(r"^ {8,12}(\w+): \{\s*value: ((?:(?!isBlock).)*?),\s*isBlock: false,\s*type: \"(\w+)\",\s*"
                 r"storageClassType: \"(\w+)\",\s*\},", re.M | re.S)
STORED = {"string": "string", "boolean": "bool", "number": "number", "stringList": "string", "numberList": "number",
          "booleanList": "bool", "stringMap": "string", "numberMap": "number", "booleanMap": "bool"}
# What AWS fills in where a configuration says nothing.
FILLED_IN = ("id", "region", "tags_all")
NOTE = re.compile(r"^\s*// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$")
SIMPLE = [
    (r"= new cdktf\.StringMapList\(", ["list", ["map", "string"]]),
    (r"= new cdktf\.StringMap\(", ["map", "string"]),
    (r"= new cdktf\.BooleanMap\(", ["map", "bool"]),
    (r"= new cdktf\.NumberMap\(", ["map", "number"]),
    (r"Fn\.tolist\(this\.getNumberListAttribute\(", ["set", "number"]),
    (r"Fn\.tolist\(this\.getListAttribute\(", ["set", "string"]),
    (r"this\.getStringAttribute\(", "string"),
    (r"this\.getBooleanAttribute\(", "bool"),
    (r"this\.getNumberAttribute\(", "number"),
    (r"this\.getListAttribute\(", ["list", "string"]),
    (r"this\.getNumberListAttribute\(", ["list", "number"]),
    (r"this\.getStringMapAttribute\(", ["map", "string"]),
    (r"this\.getBooleanMapAttribute\(", ["map", "bool"]),
    (r"this\.getNumberMapAttribute\(", ["map", "number"]),
    (r"this\.getAnyMapAttribute\(", ["map", "string"]),
    (r"this\.interpolationForAttribute\(", ["set", "string"]),
]


def classes_of(source):
    found = {}
    for match in re.finditer(r"^class (\w+) extends [\w.]+ \{$(.*?)^\}$", source, re.M | re.S):
        found[match.group(1)] = match.group(2)
    return found


def attribute(name, type_, computed, optional, required):
    return {"name": name, "type": type_, "computed": computed, "optional": optional, "required": required,
            "write_only": name.endswith("_wo")}


def object_type(block):
    """A block's shape as an attribute's type, for those that are computed as a whole."""
    fields = {item["name"]: item["type"] for item in block["attributes"]}
    for inner in block["blocks"]:
        shape = object_type(inner["block"])
        fields[inner["name"]] = shape if inner["nesting"] == "single" else [inner["nesting"], shape]
    return ["object", fields]


def settable(source, interfaces, name):
    """What a configuration may set in this class's block, blocks within it aside."""
    if name.endswith("OutputReference"):
        shape = name.removesuffix("OutputReference")
        start = source.find(f"function {shape[0].lower()}{shape[1:]}ToHclTerraform(")
    else:
        shape, start = f"{name}Config", source.find("synthesizeHclAttributes()")
    if start < 0:
        return
    end = source.find("return Object.fromEntries", start)
    for match in SET.finditer(source, start, end):
        field, value, kind, stored = match.groups()
        read = re.search(r"(?:this\._|struct\.|struct!\.)(\w+?)(?:\.internalValue)?\)", value)
        required = bool(re.search(rf"^    readonly {read.group(1)}: ", interfaces.get(shape, ""), re.M))
        type_ = STORED.get(stored)
        if type_ is None:
            type_ = ["list", "string"] if stored.endswith("ListList") else ["map", "string"]
        if kind in ("list", "set", "map"):
            type_ = [kind, type_]
        yield attribute(field, type_, field in FILLED_IN and not required, not required, required)


def block_of(source, interfaces, classes, name):
    block = {"attributes": list(settable(source, interfaces, name)), "blocks": []}
    known = {item["name"] for item in block["attributes"]}
    lines = classes[name].splitlines()
    for index, line in enumerate(lines):
        note = NOTE.match(line)
        if not note:
            continue
        field, flags = note.group(1), [value == "true" for value in note.groups()[1:]]
        if field in known:
            continue
        text = " ".join(lines[index + 1:index + 4])
        inner = re.search(r"= new (\w+)\(this, \"" + field + r"\"(?:, (true|false))?\)", text)
        if not inner:
            type_ = next((type_ for pattern, type_ in SIMPLE if re.search(pattern, text)), None)
            if type_ is None:
                raise SystemExit(f"{name}.{field}: how is this read? {text}")
            block["attributes"].append(attribute(field, type_, *flags))
            continue
        class_, in_set = inner.group(1), inner.group(2) == "true"
        nesting, at_most = ("set" if in_set else "list"), 0
        if class_.endswith("OutputReference"):
            # One at the most; timeouts are a block of their own kind.
            nesting, at_most = ("single", 0) if field == "timeouts" else ("list", 1)
        elif class_.endswith("List") or class_.endswith("Map"):
            if class_.endswith("Map"):
                nesting = "map"
            class_ = re.search(r"return new (\w+OutputReference)\(", classes[class_]).group(1)
        shape = block_of(source, interfaces, classes, class_)
        if flags[0]:
            type_ = object_type(shape)
            block["attributes"].append(attribute(field, [nesting if nesting != "single" else "list", type_], *flags))
        else:
            block["blocks"].append({"name": field, "nesting": nesting, "min": 1 if flags[2] else 0,
                                    "max": at_most, "block": shape})
    return block


def named(name, block, most=1):
    return {"name": name, "nesting": "list", "min": 0, "max": most, "block": block}


def fields(**types):
    return [attribute(name, type_, False, True, False) for name, type_ in types.items()]


def firewall_rules(block):
    """The package leaves a web ACL's rules open, because they nest without end: the parts that are used."""
    empty = {"attributes": [], "blocks": []}
    actions = {"attributes": [], "blocks": [named(name, empty) for name in ("allow", "block", "count")]}
    override = {"attributes": fields(name="string"), "blocks": [named("action_to_use", actions)]}
    group = {"attributes": fields(name="string", vendor_name="string", version="string"),
             "blocks": [named("rule_action_override", override, 100)]}
    rate = {"attributes": fields(limit="number", aggregate_key_type="string", evaluation_window_sec="number"),
            "blocks": []}
    statement = {"attributes": [], "blocks": [named("managed_rule_group_statement", group),
                                              named("rate_based_statement", rate)]}
    none = {"attributes": [], "blocks": [named("none", empty), named("count", empty)]}
    rule = next(item["block"] for item in block["blocks"] if item["name"] == "rule")
    rule["attributes"] = [item for item in rule["attributes"]
                          if item["name"] not in ("action", "override_action", "statement")]
    rule["blocks"] += [named("action", actions), named("override_action", none), named("statement", statement)]


def schema_of(package, kind, type_):
    folder = ("data-" if kind == "data" else "") + (type_ if kind == "data" else type_.removeprefix("aws_"))
    path = f"lib/{folder.replace('_', '-')}/index.js"
    try:
        source = package.read(path).decode()
    except KeyError:
        return None
    classes = classes_of(source)
    main = re.search(r"^(\w+)\.tfResourceType = \"(\w+)\";$", source, re.M)
    if not main or main.group(2) != type_:
        return None
    interfaces = dict(re.findall(r"^export interface (\w+)[^{]*\{$(.*?)^\}$", package.read(path[:-2] + "d.ts").decode(),
                                 re.M | re.S))
    block = block_of(source, interfaces, classes, main.group(1))
    if type_ == "aws_wafv2_web_acl":
        firewall_rules(block)
    return block


def main():
    package = zipfile.ZipFile(sys.argv[1])
    schema = {"resource": {}, "data": {}, "ephemeral": {}}
    for argument in sys.argv[2:]:
        kind, type_ = argument.split(".")
        # An ephemeral resource has the attributes of the data source of its name.
        block = schema_of(package, "data" if kind == "ephemeral" else kind, type_)
        if block is None:
            print(f"{argument}: the AWS provider {package.read('version').decode()} has no such type",
                  file=sys.stderr)
            return 1
        if kind == "ephemeral":
            block["attributes"] = [item for item in block["attributes"] if item["name"] != "id"]
        schema[kind][type_] = block
    json.dump(schema, sys.stdout)
    return 0


sys.exit(main())
