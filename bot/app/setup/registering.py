"""`megawatts init --register`: makes one of the two Apps, and keeps its key where only this user can read it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bot.app.setup.written import app, form, page
from bot.core.errors import Misconfigured
from bot.policy.app_access import Role

PATIENCE = 900.0
"""Seconds that a person may take in the browser."""


def register(
    role: Role, repository: str, folder: Path, *, api: str, hook: str, queue: bool, say: Callable[[str], None]
) -> None:
    """Serve the page, wait, and write key and secret. Raises Misconfigured if a key is there already."""
    asyncio.run(_register(role, repository, folder, api=api, hook=hook, queue=queue, say=say))


async def _register(
    role: Role, repository: str, folder: Path, *, api: str, hook: str, queue: bool, say: Callable[[str], None]
) -> None:
    from bot.adapters.github.manifest_flow import ManifestFlow  # noqa: PLC0415
    from bot.adapters.github.repository_settings import check_repository  # noqa: PLC0415

    owner = check_repository(repository).partition("/")[0]
    key, secret = folder / f"{role.name}.pem", folder / "webhook.secret"
    if key.exists():
        raise Misconfigured(f"{key} is there already: this App was registered; remove the file to make another")
    server = server_of(api)

    def shown(redirect: str, state: str) -> str:
        one = app(role, repository, hook, queue=queue, redirect=redirect, server=server)
        return page(form(one, owner, organisation=org, state=state, server=server) for org in (False, True))

    flow = ManifestFlow(api, shown)
    try:
        say(f"open {await flow.open()} in a browser on this machine, and press one of the buttons")
        made = await flow.registered(PATIENCE)
    finally:
        await flow.close()
    _keep(key, made.pem)
    prefix = "GITHUB_APP" if role.name == "engine" else "GITHUB_REVERT_APP"
    say(f"{made.slug} is App {made.app_id}: install it at {made.page}/installations/new, on {repository} alone")
    say(f"{prefix}_ID={made.app_id}")
    say(f"{prefix}_PRIVATE_KEY={key}")
    if hook and made.webhook_secret and role.events:
        _keep(secret, made.webhook_secret)
        say(f"GITHUB_WEBHOOK_SECRET is what {secret} holds")


def server_of(api: str) -> str:
    """Where people see the server whose API this is."""
    parts = urlsplit(api)
    return "https://github.com" if parts.netloc == "api.github.com" else f"{parts.scheme}://{parts.netloc}"


def _keep(path: Path, text: str) -> None:
    """Write a secret that was not there; readable by this user alone from its first byte on."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        fix = "make room, then a new key in the App's settings"
        raise Misconfigured(f"{path} cannot be written ({error.strerror}): {fix}") from error
