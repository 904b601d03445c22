"""What GitHub says of an App and its installation, asked with the App's own signature: rights, events, webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.adapters.github import errors
from bot.adapters.github.app_auth import AppKey
from bot.core.errors import Misconfigured

if TYPE_CHECKING:
    from github.Requester import Requester


@dataclass(frozen=True, slots=True)
class Installed:
    """One App as it is installed on one repository."""

    number: int
    app_id: int
    slug: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    suspended: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one webhook went, as GitHub saw it. `status` is of HTTP, 0 if there was no answer."""

    at: str
    event: str
    status: int
    words: str


class Signed:
    """An App by its key alone. Calls block.

    Raises Misconfigured (key not accepted, App not installed), Denied and Unavailable as `Api` does.
    """

    def __init__(self, key: AppKey, base_url: str) -> None:
        self._requester = _requester(key, base_url)

    def installed(self, repository: str) -> Installed:
        """The installation on a repository."""
        data = self._get(f"/repos/{repository}/installation", f"the App is not installed on {repository}: install it")
        return Installed(
            number=int(data["id"]),
            app_id=int(data["app_id"]),
            slug=str(data["app_slug"]),
            permissions={str(name): str(level) for name, level in data["permissions"].items()},
            events=tuple(map(str, data.get("events") or ())),
            suspended=bool(data.get("suspended_at")),
        )

    def hook(self) -> str:
        """The address of the App's webhook; '' if it has none."""
        return str(self._get("/app/hook/config", "the App has no webhook").get("url") or "")

    def deliveries(self, most: int = 30) -> Sequence[Delivery]:
        """The latest deliveries, newest first."""
        rows = self._get("/app/hook/deliveries", "the App has no webhook", per_page=most)
        return [
            Delivery(str(r["delivered_at"]), str(r["event"]), int(r["status_code"] or 0), str(r["status"]))
            for r in rows
        ]

    def _get(self, path: str, missing: str, **parameters: Any) -> Any:
        from github import GithubException  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        try:
            answer = errors.read(*self._requester.requestJson("GET", path, parameters or None))
        except RequestException as error:
            raise errors.unreached(error) from None
        except GithubException as error:
            raise errors.mapped(errors.Answer(int(error.status), {}, error.data), f"GET {path}") from None
        if answer.status == 200:
            return answer.data
        if answer.status == 404:
            raise Misconfigured(missing)
        if answer.status == 401:
            fix = "check the App's id, its key, and that this machine's clock is right"
            raise Misconfigured(f"GitHub does not accept the App's signature ({answer.message or 'no message'}): {fix}")
        raise errors.mapped(answer, f"GET {path}")


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(str(row["delivered_at"]), str(row["event"]), int(row["status_code"] or 0), str(row["status"]))


def _requester(key: AppKey, base_url: str) -> "Requester":
    from github import Auth, Github  # noqa: PLC0415  (only where GitHub is asked)

    if key.app_id <= 0:
        raise Misconfigured("a GitHub App needs its number: see the App's settings page")
    auth = Auth.AppAuth(key.app_id, key.private_key)
    return Github(
        auth=auth,
        base_url=base_url.rstrip("/"),
        timeout=15,
        user_agent="megawatts",
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ).requester
