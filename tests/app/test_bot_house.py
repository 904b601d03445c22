"""What the settings make of the house."""

import sys

import pytest

from bot.app.bot_house import _opinion
from bot.app.environment import Secret
from bot.app.settings import Settings
from bot.core.errors import Misconfigured


@pytest.mark.parametrize(
    ("wanted", "moderates", "there"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_moderation_model_is_asked_only_where_it_is_wanted(wanted: bool, moderates: bool, there: bool) -> None:
    settings = Settings(openai_moderation=wanted, content_moderation=moderates, openai_api_key=Secret("sk-1234567890"))
    loaded = "openai" in sys.modules
    assert (_opinion(settings) is not None) == there
    assert ("openai" in sys.modules) == loaded, "the client library waits for the first text"


def test_wanted_without_a_key_is_named_with_the_fix() -> None:
    with pytest.raises(Misconfigured, match="OPENAI_API_KEY is not set; set the key, or switch it off"):
        _opinion(Settings(openai_moderation=True))
