#!/usr/bin/env python3
"""Expands template.yaml and the templates of its nested stacks as SAM does in the cloud and holds each to
CloudFormation's limits.

Needs aws-sam-translator from PyPI, no AWS account and no network:  python3 infra/expand.py
`--json FOLDER` writes the expanded templates there instead, each as `<its folder>.json`.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "template.yaml"
# CloudFormation takes 500 resources a stack. Thirty are kept for what cannot wait until a service has moved out.
MAX_RESOURCES = 470
# What a function may take with its role and what starts it, and what may stand beside the functions: APIs, buckets,
# distributions and eight services' tables, queues, logs and alarms; of a nested stack one service's.
RESOURCES_PER_FUNCTION = 2.3
RESOURCES_BESIDE = 75
RESOURCES_BESIDE_NESTED = 15
MAX_PARAMETERS = 200
MAX_OUTPUTS = 200
MAX_BODY = 1024 * 1024
MAX_ROUTES = 300
# Of a template given as an S3 object.
MAX_TEMPLATE = 1024 * 1024
METHODS = {"get", "put", "post", "patch", "delete", "head", "options", "x-amazon-apigateway-any-method"}


def expand(template):
    """The CloudFormation template; parameters without a default get a value of their own."""
    parameters = {}
    for name, parameter in template.get("Parameters", {}).items():
        value = parameter.get("Default", f"given-{name}")
        # As CloudFormation hands it to the transform.
        parameters[name] = value.split(",") if parameter["Type"] == "CommaDelimitedList" else value
    # As `sam package` leaves it.
    for function in of_type(template, "Function"):
        function["Properties"]["CodeUri"] = "s3://bucket/key"
    for stack in of_type(template, "Application"):
        stack["Properties"]["Location"] = "https://s3.amazonaws.com/bucket/key"
    # The translator asks the session for its Region only.
    session = SimpleNamespace(region_name="ap-northeast-1")
    translator = Translator({}, Parser(), boto_session=session)
    return translator.translate(template, parameters)


def of_type(template, name):
    return [r for r in template["Resources"].values() if r["Type"] == f"AWS::Serverless::{name}"]


def figures(file, count, expanded):
    """What is limited, each with the figure and its limit."""
    resources = expanded["Resources"]
    bodies = [
        r["Properties"]["Body"]
        for r in resources.values()
        # A WebSocket API has its routes as resources.
        if r["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in r["Properties"]
    ]
    routes = sum(len(METHODS & item.keys()) for body in bodies for item in body["paths"].values())
    beside = RESOURCES_BESIDE if file == TEMPLATE else RESOURCES_BESIDE_NESTED
    yield "resources", len(resources), min(MAX_RESOURCES, RESOURCES_PER_FUNCTION * count + beside)
    yield "parameters", len(expanded.get("Parameters", {})), MAX_PARAMETERS
    yield "outputs", len(expanded.get("Outputs", {})), MAX_OUTPUTS
    yield "template, bytes", len(json.dumps(expanded)), MAX_TEMPLATE
    if bodies:
        yield "HttpApi body, bytes", max(len(json.dumps(b)) for b in bodies), MAX_BODY
        yield "routes", routes, MAX_ROUTES


def main():
    parent = yaml_parse((ROOT / TEMPLATE).read_text())
    files = [TEMPLATE] + [stack["Properties"]["Location"] for stack in of_type(parent, "Application")]
    too_many = False
    for file in files:
        template = yaml_parse((ROOT / file).read_text())
        count = len(of_type(template, "Function"))
        expanded = expand(template)
        if "--json" in sys.argv[1:]:
            folder = Path(sys.argv[sys.argv.index("--json") + 1])
            folder.mkdir(parents=True, exist_ok=True)
            name = Path(file).parent.name or "template"
            (folder / f"{name}.json").write_text(json.dumps(expanded, indent=2))
            continue
        print(f"{file}\n  {'functions':<20} {count}")
        for name, figure, limit in figures(file, count, expanded):
            too_many |= figure > limit
            print(f"  {name:<20} {figure} of {limit:g}{'' if figure <= limit else '  TOO MANY'}")
    return int(too_many)


if __name__ == "__main__":
    sys.exit(main())
