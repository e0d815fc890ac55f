"""What schemathesis cannot know: who calls, and which values exist.

`PERSON` in the environment says it as JSON: `token` (none of a stranger), `leaving_token` (somebody else's,
for what ends sessions, accounts and organisations), and `known`: values by the name of a field, or of an
operation and its field. A field without any is left out.
"""

import json
import os
from random import Random

import schemathesis
from schemathesis.core.parameters import ParameterLocation

PERSON = json.loads(os.environ["PERSON"])
CHOICE = Random(1)
ENDING = {"closeMyAccount", "closeOrganization", "logOut", "endSession"}


@schemathesis.hook
def before_load_schema(context, schema):
    """`default` stands for whatever else may go wrong anywhere; here every answer has to be named."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            del operation["responses"]["default"]


@schemathesis.auth()
class Caller:
    def get(self, case, context):
        return PERSON["token"]

    def set(self, case, token, context):
        if token:
            token = PERSON["leaving_token"] if operation_id(case) in ENDING else token
            case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts in values that exist, where the schema is kept to: what breaks it stays as it is."""
    for location, values in (
        (ParameterLocation.PATH, case.path_parameters),
        (ParameterLocation.QUERY, case.query),
        (ParameterLocation.BODY, case.body),
    ):
        if not case.meta.is_negative_at(location):
            put_known(operation_id(case), values)


def put_known(operation, values):
    if isinstance(values, list):
        for value in values:
            put_known(operation, value)
    if not isinstance(values, dict):
        return
    known = PERSON["known"]
    for name in [*values]:
        put_known(operation, values[name])
        choices = known.get(f"{operation}.{name}", known.get(name))
        # `shown.department` is no text; 7.0 is as good a number as 7.
        if choices and kind(values[name]) is kind(choices[0]):
            values[name] = CHOICE.choice(choices)
        elif choices == []:
            del values[name]


def kind(value):
    return int if type(value) is float else type(value)


def operation_id(case):
    return case.operation.definition.raw["operationId"]
