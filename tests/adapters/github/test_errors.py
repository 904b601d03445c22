"""Each of GitHub's answers that is not a success: later, no, or our own fault, with the fix."""

import json

import pytest

from bot.adapters.github import errors
from bot.adapters.github.errors import PATIENCE, Answer
from bot.core.errors import Denied, Misconfigured, Unavailable

NOW = 1_000_000.0


def answer(status: int, message: str = "", **headers: str) -> Answer:
    return Answer(status, {key.replace("_", "-"): value for key, value in headers.items()}, {"message": message})


@pytest.mark.parametrize(("found", "kind", "words"), [
    (answer(401, "Bad credentials"), Misconfigured, "make a new token"),
    (answer(403, "Resource not accessible", x_accepted_github_permissions="checks=write"), Denied, "checks=write"),
    (answer(404, "Not Found"), Denied, "not found"),
    (answer(409, "Head branch was modified"), Denied, "409 .Head branch was modified"),
    (answer(422, "Validation Failed"), Denied, "422"),
    (answer(500), Unavailable, "500"),
    (answer(502), Unavailable, "502"),
    (answer(408), Unavailable, "408"),
    (answer(204), Unavailable, "204"),
])  # fmt: skip
def test_an_answer_is_mapped_and_says_what_was_asked(found: Answer, kind: type[Exception], words: str) -> None:
    error = errors.mapped(found, "GET /x")
    assert type(error) is kind
    assert words.split(" .", maxsplit=1)[0] in str(error)
    assert kind is Misconfigured or "GET /x" in str(error)


@pytest.mark.parametrize(("found", "seconds"), [
    (answer(403, "You have exceeded a secondary rate limit", retry_after="30"), 30.0),
    (answer(429, "", retry_after="7"), 7.0),
    (answer(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset="1000090"), 90.0),
    (answer(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset="3"), 1.0),
    (answer(403, "", x_ratelimit_remaining="0"), PATIENCE),
    (answer(403, "You have exceeded a secondary rate limit. Please wait"), PATIENCE),
    (answer(403, "You have triggered an abuse detection mechanism"), PATIENCE),
    (answer(429), PATIENCE),
    (answer(403, "Resource not accessible by integration", x_ratelimit_remaining="4000"), None),
    (answer(404, "rate limit"), None),
    (answer(200), None),
])  # fmt: skip
def test_how_long_to_leave_github_alone(found: Answer, seconds: float | None) -> None:
    assert errors.pause(found, NOW) == seconds


def test_without_a_named_time_each_strike_waits_twice_as_long_up_to_an_hour() -> None:
    waits = [errors.pause(answer(429), NOW, strikes) for strikes in range(9)]
    assert waits[:3] == [60.0, 120.0, 240.0]
    assert waits[-1] == waits[-2] == 3840.0


def test_a_rate_limit_is_later_and_says_when() -> None:
    error = errors.mapped(answer(403, "API rate limit exceeded"), "GET /x", 12.0)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 12.0


def test_the_details_of_a_refusal_are_shown_and_never_a_page_of_markup() -> None:
    body = {"message": "Validation Failed", "errors": [{"message": "No commits between"}, {"code": "custom"}, "x"]}
    assert errors.read(422, {}, json.dumps(body)).message == "Validation Failed; No commits between; custom; x"
    page = errors.read(502, {"Content-Type": "text/html"}, "<html>sorry</html>")
    assert (page.message, page.data, page.headers) == ("", None, {"content-type": "text/html"})
    assert errors.read(200, {}, "[1]").message == ""


@pytest.mark.parametrize(("row", "kind"), [
    ({"type": "RATE_LIMITED"}, Unavailable), ({"type": "INTERNAL"}, Unavailable), ({}, Unavailable),
    ({"type": "FORBIDDEN"}, Denied), ({"type": "NOT_FOUND"}, Denied), ({"type": "UNPROCESSABLE"}, Denied),
])  # fmt: skip
def test_errors_of_graphql_are_mapped_by_their_type(row: dict[str, str], kind: type[Exception]) -> None:
    error = errors.graphql([{**row, "message": "words"}], "GraphQL open", {"x-ratelimit-reset": "1000090"}, NOW)
    assert type(error) is kind
    assert "words" in str(error)
    assert type(errors.graphql(None, "GraphQL open", {}, NOW)) is Unavailable


def test_graphql_s_rate_limit_says_when_it_ends() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000090"}
    error = errors.graphql([{"type": "RATE_LIMITED"}], "GraphQL open", headers, NOW)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 90.0


def test_no_answer_comes_later_but_a_certificate_that_nobody_trusts_does_not() -> None:
    later = errors.unreached(OSError("Connection refused at https://secret@host"))
    assert isinstance(later, Unavailable)
    assert later.retry_after == 5.0
    assert "secret" not in str(later)
    ours = errors.unreached(OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed"))
    assert isinstance(ours, Misconfigured)
    assert "in REQUESTS_CA_BUNDLE" in str(ours)
    assert isinstance(errors.unreached(OSError("[SSL: UNEXPECTED_EOF_WHILE_READING]")), Unavailable), "a bad moment"
