"""The block `relational`: what a schema cannot say, and that the schema says everything."""

import pytest
import yaml

from memgen.closure import ROOT
from memgen.errors import BadInput
from memgen.relational.settings import check


def test_settings_refuse_what_a_schema_cannot():
    check({"relational": {"hierarchies": {"good": {"n": 9, "exceptions": ["5:3"]}, "plain": {"n": 3}}}})
    for exceptions, message in (
        (["9:3"], "relational.hierarchies.bad: exception 9:3: ranks must be 0 to 8"),
        (["4:3"], "plus 2"),
        (["5:3", "05:3"], "given twice"),
    ):
        with pytest.raises(BadInput, match=message):
            check({"relational": {"hierarchies": {"bad": {"n": 9, "exceptions": exceptions}}}})


def test_every_key_of_the_schema_is_described():
    schema = yaml.safe_load((ROOT / "schemas/relational.schema.yaml").read_text(encoding="utf-8"))

    def walk(node, path):
        assert "description" in node, path
        if node.get("type") == "object" and "properties" in node:
            assert node["additionalProperties"] is False, path
        for key, part in node.get("properties", {}).items():
            walk(part, f"{path}.{key}")
        for key in ("items", "additionalProperties", "propertyNames"):
            if isinstance(node.get(key), dict):
                walk(node[key], f"{path}.{key}")

    walk(schema, "relational")
