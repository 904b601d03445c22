"""The request by which a promotion is committed, against GitHub's own GraphQL schema."""

from pathlib import Path, PurePosixPath

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from bot.app.promote_cmd import _request
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing
from tests.servers.github.programs import schema as file

pytestmark = pytest.mark.integration
DOCUMENT = Path(__file__).parents[3] / "bot" / "app" / "ci" / "commit.graphql"
FILE = PurePosixPath("deploy/environments/staging/bot.yaml")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    try:
        return build_schema(file().read_text(encoding="utf-8"), assume_valid=True)
    except Missing as missing:
        absent(missing)


def test_the_document_and_its_variables_are_what_github_takes(
    schema: GraphQLSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/house")
    body = _request(FILE, "a: b\n", "deploy(staging): abc", "promote/1-1", "c" * 40)
    document = parse(body["query"])
    assert validate(schema, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert not isinstance(get_variable_values(schema, operation.variable_definitions or (), body["variables"]), list)
    body["variables"]["input"]["fileChange"] = body["variables"]["input"].pop("fileChanges")
    assert isinstance(get_variable_values(schema, operation.variable_definitions or (), body["variables"]), list)
    assert validate(schema, parse(body["query"].replace("oid", "sha1"))) != []
