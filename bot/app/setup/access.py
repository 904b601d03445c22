"""How `init` and `doctor` reach GitHub: by the road's settings, never by arguments of the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings, road
from bot.core.errors import Misconfigured
from bot.policy.branch_rules import ACTIONS, Apps

if TYPE_CHECKING:
    from bot.adapters.github.api import Api
    from bot.adapters.github.app_auth import AppKey
    from bot.adapters.github.installation import Signed
    from bot.adapters.github.repository_settings import RepositorySettings


@dataclass(frozen=True, slots=True)
class AppAccess:
    """One App as the settings name it. `prefix` is what its settings begin with."""

    prefix: str
    app_id: str = ""
    installation: str = ""
    private_key: Secret = Secret()  # noqa: RUF009  (a text that cannot change)

    def __bool__(self) -> bool:
        return bool(self.app_id)

    @property
    def number(self) -> int | None:
        """The App's id; None if there is none that is a number."""
        return int(self.app_id) if self.app_id.isdecimal() else None

    def key(self) -> "AppKey":
        """The key, from its file if a path is given. Raises Misconfigured for what is no number, key or safe file."""
        from bot.adapters.github.app_auth import AppKey  # noqa: PLC0415

        for name, value in (("ID", self.app_id), ("INSTALLATION_ID", self.installation or "0")):
            if not value.isdecimal():
                raise Misconfigured(f"{self.prefix}_{name} should be a number: see the App's settings page")
        return AppKey(int(self.app_id), self._pem(), int(self.installation or 0))

    def _pem(self) -> str:
        given, setting = self.private_key.reveal(), f"{self.prefix}_PRIVATE_KEY"
        if not given:
            raise Misconfigured(f"{setting} is not set: give the PEM text, or the path of the file that holds it")
        if "-----BEGIN" in given:
            return given
        try:
            text, mode = Path(given).read_text(encoding="utf-8"), Path(given).stat().st_mode
        except (OSError, UnicodeDecodeError):
            raise Misconfigured(f"{setting} names no file that can be read: give the path of the App's key") from None
        if mode & 0o007:
            raise Misconfigured(f"{setting}: everybody on this machine may read that file: chmod 600 it")
        return text


@dataclass(frozen=True, slots=True)
class Access:
    """Where GitHub is, which repository, and who asks."""

    repository: str
    api: str = "https://api.github.com"
    token: Secret = Secret()  # noqa: RUF009  (a text that cannot change)
    engine: AppAccess = AppAccess("GITHUB_APP")
    reverts: AppAccess = AppAccess("GITHUB_REVERT_APP")
    webhook_secret: Secret = Secret()  # noqa: RUF009  (a text that cannot change)

    def apps(self, engine: int | None = None, reverts: int | None = None) -> Apps:
        """Ids of the Apps: those given, else the settings'. GitHub Actions' is known on github.com only."""
        actions = ACTIONS if urlsplit(self.api).netloc == "api.github.com" else None
        return Apps(engine or self.engine.number, reverts or self.reverts.number, actions)

    def client(self) -> "Api":
        """By the token, else as the engine's App is installed. Raises Misconfigured without either."""
        from bot.adapters.github.api import Api  # noqa: PLC0415  (PyGithub only where GitHub is asked)
        from bot.adapters.github.app_auth import AppKey, PersonalToken  # noqa: PLC0415

        if self.token:
            return Api(PersonalToken(self.token.reveal()), self.api)
        if not self.engine:
            rights = "a token of yours with the rights that docs/github.md names"
            raise Misconfigured(f"there is no way in: set GITHUB_TOKEN to {rights}")
        key = self.engine.key()
        number = key.installation_id or self.signed(self.engine).installed(self.repository).number
        return Api(AppKey(key.app_id, key.private_key, number), self.api)

    def signed(self, app: AppAccess) -> "Signed":
        """One of the Apps by its own signature."""
        from bot.adapters.github.installation import Signed  # noqa: PLC0415

        return Signed(app.key(), self.api)

    def settings(self) -> "RepositorySettings":
        """The repository's settings. Raises Misconfigured as `client` does, and for a name that is none."""
        from bot.adapters.github.repository_settings import RepositorySettings, check_repository  # noqa: PLC0415

        check_repository(self.repository)
        return RepositorySettings(self.client(), self.repository)


def access(repository: str = "", given: RoadSettings | None = None) -> Access:
    """What the settings say; `repository` goes before theirs."""
    given = road() if given is None else given
    return Access(
        repository=repository or given.github_repository,
        api=given.github_api_url,
        token=given.github_token,
        engine=AppAccess(
            "GITHUB_APP", given.github_app_id, given.github_app_installation_id, given.github_app_private_key
        ),
        reverts=AppAccess(
            "GITHUB_REVERT_APP",
            given.github_revert_app_id,
            given.github_revert_app_installation_id,
            given.github_revert_app_private_key,
        ),
        webhook_secret=given.github_webhook_secret,
    )
