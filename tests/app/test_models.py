"""Which providers the settings name, and that none is loaded before it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.bot_wiring import Unobserved, now
from bot.app.models import configured, open_thinker, providers
from bot.app.settings import Settings, load
from bot.core.errors import Misconfigured
from tests.agent.doubles import MemoryRecords

ROOT = Path(__file__).parents[2]
KEY = "sk-test-0123456789abcdef"
ALL = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY, "LLAMA_API_ENDPOINT": "http://127.0.0.1:11434"}


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, ()),
        ({"DEFAULT_AI_PROVIDER": "openai"}, ()),
        ({"OPENAI_API_KEY": KEY}, ("openai",)),
        (ALL, ("openai", "anthropic", "llama")),
        ({**ALL, "DEFAULT_AI_PROVIDER": "anthropic"}, ("openai", "anthropic", "llama")),
        ({**ALL, "DEFAULT_AI_PROVIDER": "offline"}, ()),
        ({"DEFAULT_AI_PROVIDER": "local"}, ("local",)),
    ],
)
def test_a_provider_is_used_if_it_has_what_it_needs(environment: dict[str, str], names: tuple[str, ...]) -> None:
    assert configured(load(environment)) == names
    assert tuple(one.name for one in providers(load(environment))) == names


def test_a_folder_of_weights_takes_the_place_of_the_small_model(tmp_path: Path) -> None:
    """Where the library is absent, or the folder is none, one sentence says so and nothing else answers."""
    chosen = {"DEFAULT_AI_PROVIDER": "local", "LOCAL_MODEL": str(tmp_path / "weights")}
    with pytest.raises(Misconfigured, match="LOCAL_MODEL"):
        providers(load(chosen))
    assert providers(load({"LOCAL_MODEL": chosen["LOCAL_MODEL"]})) == []


def test_without_a_provider_there_is_no_thinker_and_nothing_is_touched() -> None:
    records = MemoryRecords()
    assert open_thinker(Settings(), records, None, Unobserved(), now) is None
    assert records.writes == 0


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "LLAMA_API_ENDPOINT"])
def test_an_address_that_is_none_is_refused_at_start(name: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        open_thinker(load({**ALL, name: "nowhere"}), MemoryRecords(), None, Unobserved(), now)


def test_no_key_is_in_what_is_put_together() -> None:
    for provider in providers(load(ALL)):
        assert KEY not in f"{provider!r} {vars(provider)!r}"


@pytest.mark.integration
def test_no_client_library_is_loaded_before_the_first_call() -> None:
    """In a process of its own: other tests load them all."""
    code = (
        "import sys\n"
        "from bot.app.models import open_thinker\n"
        "from bot.app.settings import load\n"
        "from bot.app.bot_wiring import Unobserved, now\n"
        f"assert open_thinker(load({ALL!r}), None, None, Unobserved(), now)\n"
        "heavy = {'openai', 'anthropic', 'ollama', 'pydantic_ai', 'genai_prices', 'xllamacpp', 'httpx', 'httpx2'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
