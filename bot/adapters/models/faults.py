"""The errors of the client libraries in the words of the house, at this rim and nowhere else.

What a provider writes into its errors is not passed on: it may repeat a part of the key or of the member's text.
"""

from typing import TYPE_CHECKING

from bot.agent import catalogue
from bot.agent.wire import ModelFault, Trouble

if TYPE_CHECKING:
    from pydantic_ai.exceptions import ModelAPIError


def fault(error: BaseException, provider: str, model: str, setting: str) -> ModelFault:
    """What went wrong, as a sentence. `setting` is the environment's name for the models of this provider."""
    from pydantic_ai import exceptions as of  # noqa: PLC0415  (only once a model is in use)

    if isinstance(error, of.ModelTimeoutError):
        return ModelFault("silent", f"{provider} was silent for too long ({model}, AI_TIMEOUT)")
    if isinstance(error, of.ModelConnectionError):
        sent = error.phase not in {"pool", "connect"}
        return ModelFault("down", f"the connection to {provider} failed ({model})", sent=sent)
    if isinstance(error, of.ModelAPIError):
        return _answered(error, provider, model, setting)
    if isinstance(error, of.ContentFilterError):
        return ModelFault("rejected", f"{provider} refuses to answer this")
    return ModelFault("malformed", f"{provider} sent an answer that cannot be read ({model}, {type(error).__name__})")


def _answered(error: "ModelAPIError", provider: str, model: str, setting: str) -> ModelFault:
    """By what pydantic-ai knows of it, then by its status, which errors inside a stream may lack."""
    from pydantic_ai import exceptions as of  # noqa: PLC0415  (only once a model is in use)

    status, wait = int(getattr(error, "status_code", 0)), error.retry_after
    gone = isinstance(error, of.ModelNotFoundError) or (status in {400, 404, 410} and _names_model(error))
    limited = isinstance(error, of.ModelRateLimitError) or status == 429
    no_credit = f"the account at {provider} has no credit left: top it up"
    cases: tuple[tuple[bool, Trouble, str, float | None], ...] = (
        (isinstance(error, of.ModelQuotaExceededError), "refused", no_credit, None),
        (isinstance(error, of.ModelContextWindowExceededError), "too-long", f"the text is too long for {model}", None),
        (gone, "retired", catalogue.gone(provider, model, setting), None),
        (isinstance(error, of.ModelAuthenticationError), "refused", f"{provider} refuses the key: set another", None),
        (limited, "limited", f"{provider} asks to wait", wait or 1.0),
        (error.in_stream, "down", f"{provider} broke off while it answered ({model})", wait),
        (status >= 500, "down", f"{provider} answers with status {status}", wait),
        (status > 0, "rejected", f"{provider} refuses the request (status {status}, {model})", None),
        (True, "malformed", f"{provider} sent an answer that cannot be read ({model})", None),
    )
    _holds, trouble, because, retry_after = next(case for case in cases if case[0])
    return ModelFault(trouble, because, retry_after=retry_after)


_GONE = ("model_not_found", "not_found_error", "deprecated", "decommissioned", "does not exist", "not found")


def _names_model(error: object) -> bool:
    """A name that is not known, told with another status than 404 or in words only."""
    told = f"{getattr(error, 'provider_error_code', '')} {getattr(error, 'body', '')}".casefold()
    return "model" in told and any(word in told for word in _GONE)
