import json
import logging
from typing import Any

import pytest
import structlog

from bot.app import events, logs


@pytest.fixture(autouse=True)
def _restore():
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.basicConfig(level=logging.WARNING, handlers=[], force=True)


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1" * 18,
        "github_pat_" + "A1b2" * 10,
        "sk-" + "proj-0123456789abcdef",
        "AKIA" + "ABCDEFGH12345678",
        "M" + "TIz" * 8 + ".Gh1jkl." + "a-_1" * 8,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_is_taken_out_wherever_it_stands(secret: str) -> None:
    found = logs.redact({"event": f"got {secret} here", "deep": [{"x": (secret,)}]})
    assert secret not in json.dumps(found)
    assert found["event"] == f"got {logs.HIDDEN} here"


def test_a_password_inside_an_address() -> None:
    assert logs.redact("postgres://bot:hunter2@db/x") == f"postgres://{logs.HIDDEN}@db/x"


@pytest.mark.parametrize("key", ["token", "DISCORD_BOT_TOKEN", "api_key", "Authorization", "password"])
def test_what_is_called_a_secret_is_one(key: str) -> None:
    assert logs.redact({key: "abc"}) == {key: logs.HIDDEN}


def test_ordinary_text_stays() -> None:
    assert logs.redact({"event": "ready", "port": 8080, "ok": True}) == {"event": "ready", "port": 8080, "ok": True}


def test_very_deep_is_not_shown() -> None:
    deep: object = "x"
    for _ in range(20):
        deep = [deep]
    assert logs.HIDDEN in json.dumps(logs.redact(deep))


def test_lines_are_json_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(process="bot", revision="abc")
    structlog.get_logger().info("ready", port=1, token="hush")
    structlog.get_logger().debug("not shown")
    logging.getLogger("lib").warning("from a library: %s", "sk-0123456789abcdefgh")
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [row["event"] for row in rows] == ["ready", f"from a library: {logs.HIDDEN}"]
    assert rows[0]["process"] == "bot"
    assert rows[0]["token"] == logs.HIDDEN


def test_an_error_that_is_logged_where_it_was_caught_has_its_place_and_is_heard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up(process="bot")
    heard: list[str] = []
    with logs.hearing(lambda error: heard.append(type(error).__name__)):
        try:
            logs.redact({"x": Unreadable(said="a member's words")})
        except LookupError:
            structlog.get_logger().error("broke", error="LookupError")
            structlog.get_logger().warning("expected")
        structlog.get_logger().error("nothing was caught")
    try:
        logs.redact({"x": Unreadable(said="a member's words")})
    except LookupError:
        structlog.get_logger().error("after")
    broke, expected, plain, after = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert heard == ["LookupError"], "neither what was only a warning, nor what came after the end of the block"
    assert broke["at"].startswith("bot/app/logs.py:")
    assert after["at"].endswith(" redact")
    assert "at" not in expected
    assert "at" not in plain
    assert "words" not in str((broke, after))


class Unreadable(dict[str, str]):
    def items(self) -> Any:
        raise LookupError("a member's words")


def test_who_listens_is_handed_each_line_as_it_stands_on_the_stream(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[Any] = []
    logs.set_up(process="bot")
    with events.relaying(heard.append):
        structlog.get_logger().info("ready", port=1, token="hush")
        logging.getLogger("discord").warning("the gateway is slow")
        logging.getLogger("opentelemetry.exporter").warning("the collector is away")
        logging.getLogger("urllib3.connectionpool").warning("trying again")
        events.emitter("controller")("merged", {"pull": 7})
    structlog.get_logger().info("after")
    assert [row["event"] for row in heard] == ["ready", "the gateway is slow", "merged"]
    printed = capsys.readouterr()
    assert json.loads(printed.err.splitlines()[0]) == heard[0]
    assert heard[0]["token"] == logs.HIDDEN
    assert json.loads(printed.out) == heard[2]
    assert "the collector is away" in printed.err, "people read it on the stream"
