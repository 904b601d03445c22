"""SARIF against the standard's own schema (as Microsoft's jest-sarif carries it, MIT)."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from bot.app.ci.findings import Place, places
from bot.app.ci.sarif import sarif
from bot.core.verdict import Status, Verdict, worst
from tests.app.ci.builders import stage

pytestmark = pytest.mark.integration
FOUND = "pkg/ä b.py:3: wrong [a-b]"


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    return Draft4Validator(json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")))


VERDICTS = [
    worst("gate", [stage(str(status), status, FOUND, "elsewhere: x") for status in Status]),
    worst("gate", [stage("lint", status) for status in Status]),
    Verdict("gate", Status.ERROR, "nothing ran"),
    worst("gate", [stage("lint", Status.PASS)]),
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_outcome_is_sound(schema: Draft4Validator, verdict: Verdict) -> None:
    told = sarif(verdict, places(verdict, frozenset({"pkg/ä b.py"})), "1.0")
    assert [error.message for error in schema.iter_errors(json.loads(json.dumps(told)))] == []


def test_the_schema_sees_what_is_wrong(schema: Draft4Validator) -> None:
    told: dict[str, Any] = sarif(VERDICTS[0], [Place("a", "a", "error", "x", "a.py", -1)], "1.0")
    assert list(schema.iter_errors(told))
    told["runs"][0]["results"] = [{"message": {"words": "x"}}]
    assert list(schema.iter_errors(told))
