#!/usr/bin/env python3
"""Expands template.yaml as SAM does in the cloud and holds the result to CloudFormation's limits.

Needs aws-sam-translator from PyPI, no AWS account and no network:  python3 infra/expand.py
`--json` prints the expanded template instead of the figures.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"
# CloudFormation takes 500 resources; some 160 functions must fit.
RESOURCES_PER_FUNCTION = 2.3
RESOURCES_BESIDE = 60
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
    for function in functions(template):
        function["Properties"]["CodeUri"] = "s3://bucket/key"
    # The translator asks the session for its Region only.
    session = SimpleNamespace(region_name="ap-northeast-1")
    translator = Translator({}, Parser(), boto_session=session)
    return translator.translate(template, parameters)


def functions(template):
    return [r for r in template["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]


def main():
    template = yaml_parse(TEMPLATE.read_text())
    count = len(functions(template))
    expanded = expand(template)
    if "--json" in sys.argv[1:]:
        print(json.dumps(expanded, indent=2))
        return 0

    resources = expanded["Resources"]
    bodies = [
        r["Properties"]["Body"]
        for r in resources.values()
        # A WebSocket API has its routes as resources.
        if r["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in r["Properties"]
    ]
    routes = sum(len(METHODS & item.keys()) for body in bodies for item in body["paths"].values())
    figures = [
        ("resources", len(resources), RESOURCES_PER_FUNCTION * count + RESOURCES_BESIDE),
        ("HttpApi body, bytes", max((len(json.dumps(b)) for b in bodies), default=0), MAX_BODY),
        ("routes", routes, MAX_ROUTES),
        ("template, bytes", len(json.dumps(expanded)), MAX_TEMPLATE),
    ]
    print(f"{'functions':<20} {count}")
    for name, figure, limit in figures:
        print(f"{name:<20} {figure} of {limit:g}{'' if figure <= limit else '  TOO MANY'}")
    return int(any(figure > limit for _, figure, limit in figures))


if __name__ == "__main__":
    sys.exit(main())
