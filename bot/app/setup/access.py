"""How `init` and `doctor` reach GitHub: from the environment of whoever calls them, never from arguments.

The bot process is not given any of these: what it does not hold it cannot lose.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.settings import Secret
from bot.core.errors import Misconfigured

if TYPE_CHECKING:
    from bot.adapters.github.api import Api
    from bot.adapters.github.app_auth import AppKey
    from bot.adapters.github.repository_settings import RepositorySettings

API = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class AppSettings:
    """One App as the environment names it: its id, its installation's, and the file of its private key."""

    app_id: int = 0
    installation: int = 0
    key_file: str = ""

    def key(self) -> "AppKey":
        """The key, read from its file. Raises Misconfigured if the file is missing or others may read it."""
        from bot.adapters.github.app_auth import AppKey  # noqa: PLC0415

        path = Path(self.key_file)
        try:
            text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"the App's key {path} cannot be read: name the file that GitHub gave you") from error
        if mode & 0o007:
            raise Misconfigured(f"the App's key {path} can be read by everybody: chmod 600 {path}")
        return AppKey(self.app_id, text, self.installation)


@dataclass(frozen=True, slots=True)
class Access:
    """Where GitHub is, which repository, and who asks."""

    repository: str
    api: str = API
    token: Secret = Secret()  # noqa: RUF009  (a text that cannot change)
    engine: AppSettings = AppSettings()
    reverts: AppSettings = AppSettings()
    webhook_url: str = ""

    def client(self) -> "Api":
        """By the token, else by the engine's App. Raises Misconfigured without either."""
        from bot.adapters.github.api import Api  # noqa: PLC0415  (PyGithub only where GitHub is asked)
        from bot.adapters.github.app_auth import PersonalToken  # noqa: PLC0415

        if self.token:
            return Api(PersonalToken(self.token.reveal()), self.api)
        if self.engine.app_id:
            return Api(self.engine.key(), self.api)
        rights = "a token of yours with the rights that docs/github.md names"
        raise Misconfigured(f"there is no way in: set GITHUB_TOKEN to {rights}")

    def settings(self) -> "RepositorySettings":
        """The repository's settings. Raises Misconfigured as `client` does."""
        from bot.adapters.github.repository_settings import RepositorySettings  # noqa: PLC0415

        return RepositorySettings(self.client(), self.repository)


def access(repository: str = "", environment: Mapping[str, str] | None = None) -> Access:
    """What the environment says. Raises Misconfigured for a number that is none."""
    env = os.environ if environment is None else environment

    def text(name: str) -> str:
        return env.get(name, "").strip()

    return Access(
        repository=repository or text("GITHUB_REPOSITORY"),
        api=text("GITHUB_API_URL") or API,
        token=Secret(text("GITHUB_TOKEN")),
        engine=_app("GITHUB_", text),
        reverts=_app("GITHUB_REVERTS_", text),
        webhook_url=text("GITHUB_WEBHOOK_URL"),
    )


def _app(prefix: str, text: Callable[[str], str]) -> AppSettings:
    numbers = {}
    for name in ("APP_ID", "INSTALLATION_ID"):
        value = text(prefix + name)
        if value and not value.isdecimal():
            raise Misconfigured(f"{prefix}{name} should be a number: see the App's settings page")
        numbers[name] = int(value or 0)
    return AppSettings(numbers["APP_ID"], numbers["INSTALLATION_ID"], text(prefix + "APP_KEY_FILE"))
