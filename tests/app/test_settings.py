import pytest

from bot.app.road_settings import road
from bot.app.settings import EVERY_NAME, Settings, given, load, shown, without
from bot.core.errors import Misconfigured


def test_nothing_set_is_the_defaults() -> None:
    assert load({}) == Settings()
    assert load({"PATH": "/bin", "RESPONSE_MAX_LENGTH": "  "}) == Settings()


def test_what_is_set_is_typed() -> None:
    given = load({"RESPONSE_MAX_LENGTH": "500", "rate_limit_enabled": "off", "CONVERSATION_MEMORY_SIZE": "10"})
    assert given == Settings(response_max_length=500, rate_limit_enabled=False, conversation_memory_size=10)


def test_every_error_at_once_with_name_and_fix_and_no_value() -> None:
    with pytest.raises(Misconfigured) as caught:
        load({"RESPONSE_MAX_LENGTH": "sk-secret", "RATE_LIMIT_ENABLED": "maybe", "CONVERSATION_MEMORY_SIZE": "2"})
    text = str(caught.value)
    for name in ("RESPONSE_MAX_LENGTH", "RATE_LIMIT_ENABLED", "CONVERSATION_MEMORY_SIZE"):
        assert f"{name} should be" in text
    assert "secret" not in text
    assert "maybe" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RESPONSE_MAX_LENGTH", "199"),
        ("RESPONSE_MAX_LENGTH", "4001"),
        ("CONVERSATION_MEMORY_SIZE", "201"),
        ("MEGAWATTS_LOG_LEVEL", "loud"),
        ("MULTILINGUAL_SUPPORT", "2"),
    ],
)
def test_out_of_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        load({name: value})


def test_the_process_environment_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPONSE_MAX_LENGTH", "700")
    assert load().response_max_length == 700


def test_every_setting_is_shown_with_its_origin() -> None:
    rows = {row.name: row for row in shown({"RESPONSE_MAX_LENGTH": "500"})}
    assert tuple(rows) == EVERY_NAME
    assert (rows["RESPONSE_MAX_LENGTH"].value, rows["RESPONSE_MAX_LENGTH"].origin) == ("500", "environment")
    assert (rows["CONVERSATION_MEMORY_SIZE"].value, rows["CONVERSATION_MEMORY_SIZE"].origin) == ("", "default")
    assert all(row.what for row in rows.values())


def test_no_bot_process_is_told_what_the_controller_alone_may_hold() -> None:
    environment = {
        "GITHUB_TOKEN": "ghp-honey",
        "ARGOCD_AUTH_TOKEN": "argo-honey",
        "DISCORD_CLIENT_ID": "1",
        "PATH": "/",
    }
    assert given(environment) == {"DISCORD_CLIENT_ID": "1"}
    assert without({**environment, "GITHUB_TOKEN_FILE": "/x", "POSTGRES_PASSWORD_FILE": "/y"}) == {"PATH": "/"}
    assert "honey" not in repr(shown(environment))
    assert road(environment).github_token.reveal() == "ghp-honey"


def test_settings_of_the_road_are_checked_as_all_are() -> None:
    with pytest.raises(Misconfigured, match="CONTROLLER_PORT") as caught:
        road({"CONTROLLER_PORT": "70000", "GITHUB_TOKEN": "ghp-honey"})
    assert "honey" not in str(caught.value)
    assert road({}).github_api_url == "https://api.github.com"
