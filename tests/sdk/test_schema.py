from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.sdk.schema import fit, schema_of


def example(
    host: object,
    *,
    text: Annotated[str, "what to say"],
    count: int = 1,
    share: float = 0.5,
    loud: bool = False,
    mode: Literal["a", "b"] = "a",
    note: str | None = None,
) -> None:
    """A tool with every type."""


SCHEMA = schema_of("example", example)


def test_the_host_is_no_parameter_and_defaults_are_not_required() -> None:
    assert list(SCHEMA["properties"]) == ["text", "count", "share", "loud", "mode", "note"]
    assert SCHEMA["required"] == ["text"]
    assert SCHEMA["properties"]["text"] == {"type": "string", "description": "what to say"}
    assert SCHEMA["properties"]["mode"] == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert SCHEMA["properties"]["note"] == {"type": "string"}


def no_hint(host: object, x) -> None: ...  # type: ignore[no-untyped-def]


def no_json(host: object, x: set[int]) -> None: ...


@pytest.mark.parametrize(("body", "said"), [(no_hint, "no type hint"), (no_json, "without a JSON form")])
def test_a_parameter_without_a_form_is_named(body: Any, said: str) -> None:
    with pytest.raises(Misconfigured, match=rf"tool 'x': parameter 'x'.*{said}"):
        schema_of("x", body)


@pytest.mark.parametrize(
    ("given_", "fitted"),
    [
        ({"text": "hi", "count": "7"}, {"text": "hi", "count": 7}),
        ({"text": 5, "share": "0.25"}, {"text": "5", "share": 0.25}),
        ({"text": "", "loud": "Yes"}, {"text": "", "loud": True}),
        ({"text": "", "loud": "off", "mode": "B"}, {"text": "", "loud": False, "mode": "b"}),
        ({"text": "", "note": None}, {"text": ""}),
    ],
)
def test_words_become_what_the_schema_wants(given_: dict[str, Any], fitted: dict[str, Any]) -> None:
    assert fit(SCHEMA, given_) == (fitted, "")


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({}, "text is missing"),
        ({"text": "", "count": "many"}, "count must be a whole number"),
        ({"text": "", "count": "1.5"}, "count must be a whole number"),
        ({"text": "", "share": "half"}, "share must be a number"),
        ({"text": "", "count": 10**13}, "count is too large"),
        ({"text": "", "share": "nan"}, "share is too large"),
        ({"text": "", "loud": "maybe"}, "loud must be yes or no"),
        ({"text": "", "mode": "c"}, "mode must be one of a, b"),
        ({"text": "", "extra": 1}, "there is no 'extra' here; use text"),
    ],
)
def test_what_does_not_fit_is_said(given_: dict[str, Any], said: str) -> None:
    fitted, problem = fit(SCHEMA, given_)
    assert problem.startswith(said)
    assert fitted == {} or "extra" not in fitted


@given(
    st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), st.one_of(st.text(), st.integers(), st.none()))
)
def test_whatever_is_given_fits_or_is_explained(arguments: dict[str, Any]) -> None:
    fitted, problem = fit(SCHEMA, arguments)
    assert problem or set(fitted) <= set(SCHEMA["properties"])
