"""Whether a provider answers and takes the key, asked by its list of models: nothing is paid for that."""

from collections.abc import Mapping, Sequence

from bot.adapters.models import addresses, anthropic, openai
from bot.core.errors import Denied, Unavailable

_WITHIN = 5.0
_REFUSED = frozenset({401, 403})
_NO_LIST = frozenset({404, 405, 429})
"""It is there: a proxy without a list, or one that asks to wait."""


async def ask_openai(key: str, base: str) -> Sequence[str]:
    """Names of the models that the key may use; none where they are not told. Raises Denied, Unavailable."""
    root = addresses.checked(base, "OPENAI_BASE_URL") if base else openai.BASE
    return await _ask("openai", f"{root}/models", {"Authorization": f"Bearer {key}"}, "OPENAI_API_KEY")


async def ask_anthropic(key: str, base: str) -> Sequence[str]:
    """As `ask_openai`."""
    root = addresses.checked(base, "ANTHROPIC_BASE_URL") if base else anthropic.BASE
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    return await _ask("anthropic", f"{root}/v1/models?limit=1000", headers, "ANTHROPIC_API_KEY")


async def _ask(provider: str, address: str, headers: Mapping[str, str], setting: str) -> Sequence[str]:
    import httpx  # noqa: PLC0415  (at the first question)

    host = addresses.host_of(address)
    try:
        async with httpx.AsyncClient(timeout=_WITHIN) as client:
            answer = await client.get(address, headers=dict(headers))
            status = answer.status_code
            rows = answer.json().get("data", []) if status == 200 else []
            names = [str(row["id"]) for row in rows]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fix = f"check the network, or {setting.replace('API_KEY', 'BASE_URL')}"
        raise Unavailable(f"{provider} at {host}", f"{type(error).__name__}; {fix}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Unavailable(f"{provider} at {host}", "it sends something else than a list of models") from None
    if status in _REFUSED:
        raise Denied(f"{provider} at {host} refuses the key: set another {setting}")
    if status not in _NO_LIST and status != 200:
        raise Unavailable(f"{provider} at {host}", f"it answers with status {status}")
    return names
