"""The errors of the client libraries in the words of the house."""

import pytest
from pydantic_ai import exceptions as of

from bot.adapters.models.faults import fault
from bot.agent.wire import ModelFault

pytestmark = pytest.mark.integration

KEY = "sk-test-0123456789abcdef"


def read(error: BaseException) -> ModelFault:
    return fault(error, "openai", "gpt-4o", "OPENAI_MODEL")


def http(status: int, message: str = "", **rest: object) -> of.ModelHTTPError:
    return of.ModelHTTPError(status, "gpt-4o", {"message": f"{message} {KEY}"}, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "trouble", "words"),
    [
        (http(429), "limited", "asks to wait"),
        (http(500), "down", "status 500"),
        (http(503), "down", "status 503"),
        (http(400), "rejected", "status 400"),
        (http(422), "rejected", "status 422"),
        (http(400, "The model gpt-4o has been deprecated"), "retired", "its successor is gpt-5"),
        (http(404, "The model does not exist"), "retired", "OPENAI_MODEL"),
        (http(410, "model decommissioned"), "retired", "gpt-4o"),
        (of.ModelNotFoundError("gpt-4o", KEY), "retired", "retired or misspelt"),
        (of.ModelOverloadedError("gpt-4o", KEY, in_stream=True), "down", "broke off"),
        (of.ModelRateLimitError("gpt-4o", KEY, in_stream=True), "limited", "asks to wait"),
        (of.ModelTimeoutError("gpt-4o", KEY), "silent", "AI_TIMEOUT"),
        (of.ModelConnectionError("gpt-4o", KEY, phase="read"), "down", "connection"),
        (of.ModelAPIError("gpt-4o", KEY, in_stream=True), "down", "broke off"),
        (of.ContentFilterError(KEY), "rejected", "refuses to answer"),
        (of.UnexpectedModelBehavior(KEY), "malformed", "cannot be read"),
        (of.ModelAPIError("gpt-4o", KEY), "malformed", "cannot be read"),
        (ValueError(KEY), "malformed", "ValueError"),
    ],
    ids=str,
)
def test_each_error_is_one_sentence_without_what_the_provider_wrote(
    error: BaseException, trouble: str, words: str
) -> None:
    found = read(error)
    assert found.trouble == trouble
    assert words in found.because
    assert KEY not in found.because
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("category", "trouble"),
    [
        (of.ModelNotFoundError, "retired"),
        (of.ModelAuthenticationError, "refused"),
        (of.ModelQuotaExceededError, "refused"),
        (of.ModelContextWindowExceededError, "too-long"),
        (of.ModelRateLimitError, "limited"),
    ],
)
def test_what_pydantic_ai_knows_of_a_status_is_used(category: type[of.ModelAPIError], trouble: str) -> None:
    made = of.ModelHTTPError.for_category(category, status_code=400, model_name="gpt-4o", body={})  # type: ignore[arg-type]
    assert read(made).trouble == trouble


def test_how_long_to_wait_is_taken_from_the_answer_and_never_missing_for_a_limit() -> None:
    assert read(http(429, headers={"Retry-After": "12"})).retry_after == 12.0
    assert read(http(503, headers={"retry-after": "3"})).retry_after == 3.0
    assert read(http(429)).retry_after == 1.0
    assert read(http(500)).retry_after is None


@pytest.mark.parametrize(("phase", "sent"), [("connect", False), ("pool", False), ("read", True), (None, True)])
def test_what_never_left_is_known_not_to_have_been_sent(phase: object, sent: bool) -> None:
    assert read(of.ModelConnectionError("gpt-4o", "x", phase=phase)).sent is sent  # type: ignore[arg-type]
