"""What `megawatts doctor` asks the outside: Discord, models, database, Redis, vectors. No answer names a secret."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.app import stores
from bot.app.home import Home
from bot.app.settings import Settings
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from bot.adapters.vectors.qdrant import QdrantVectors
    from bot.sdk import ToolSpec

PORTAL = "https://discord.com/developers/applications"
_PARTS = 3
_WITHIN = 15.0
"""Seconds for one question with all its tries."""


class Unwell(MegawattsError):  # noqa: N818  (reads as a word of the domain)
    """A check failed; the text holds the fix."""


def _asked(work: Awaitable[str]) -> str:
    """Wait for one answer, and not for long."""

    async def within() -> str:
        async with asyncio.timeout(_WITHIN):
            return await work

    try:
        return asyncio.run(within())
    except TimeoutError:
        raise Unwell(
            f"there was no answer within {_WITHIN:g} seconds; is there a firewall or a proxy between?"
        ) from None


def discord(given: Settings) -> str:
    """The token is one, Discord takes it, and the intents are switched on; ends with the invite link."""
    token = given.discord_bot_token.reveal()
    if not token:
        return f"not used: DISCORD_BOT_TOKEN is not set (a token comes from {PORTAL}, under Bot)"
    if problem := token_problem(token):
        raise Unwell(f"{problem}; set DISCORD_BOT_TOKEN to the one that {PORTAL} shows under Bot, Reset Token")
    if given.discord_client_id and not given.discord_client_id.isdecimal():
        raise Unwell(f"DISCORD_CLIENT_ID should be a number: the Application ID at {PORTAL}")
    from bot.app.discord_run import shard_ids  # noqa: PLC0415  (only with a token)

    shard_ids(given)
    return _asked(_discord(given, token))


async def _discord(given: Settings, token: str) -> str:
    from bot.adapters.discord import probe  # noqa: PLC0415  (discord.py only where there is a token)
    from bot.adapters.discord.invite import invite_url, needed  # noqa: PLC0415

    try:
        found = await probe.look(token, api=given.discord_api_base)
    except Denied:
        fix = f"it was reset or is another bot's: take a new one at {PORTAL}, under Bot, Reset Token"
        raise Unwell(f"Discord refuses DISCORD_BOT_TOKEN; {fix}") from None
    except Unavailable as error:
        where = "DISCORD_API_BASE" if given.discord_api_base else "the network, or a firewall that blocks discord.com"
        raise Unwell(f"{error}; check {where}") from None
    if problem := intents_problem(given, content=found.content, members=found.members):
        raise Unwell(f"{problem}, at {PORTAL}, under Bot, Privileged Gateway Intents")
    link = invite_url(given.discord_client_id or found.id, needed(_specs()))
    return f"{found.name} ({found.id}) is welcome, intents are on; invite it with {link}"


def _specs() -> "Sequence[ToolSpec]":
    import bot.extensions  # noqa: PLC0415
    from bot.sdk import discover  # noqa: PLC0415

    return [one.spec for one in discover(bot.extensions)]


def token_problem(token: str) -> str:
    """What shows without asking Discord that this is no token of a bot, in a sentence; '' if nothing does."""
    if token.casefold().startswith(("bot ", "bearer ")):
        return "DISCORD_BOT_TOKEN begins with a word; give the token alone"
    if token.isdecimal():
        return "DISCORD_BOT_TOKEN is a number, such as the Application ID, and no token"
    parts = token.split(".")
    if len(parts) != _PARTS or not all(parts):
        return "DISCORD_BOT_TOKEN is no token of a bot, which is three parts with dots (a client secret has none)"
    try:
        number = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        number = ""
    return "" if number.isdecimal() else "DISCORD_BOT_TOKEN does not begin as a bot's token does; was it cut?"


def intents_problem(given: Settings, *, content: bool, members: bool) -> str:
    """Which intents are asked for and not switched on, and what to do; '' if none."""
    off = []
    if given.discord_message_content and not content:
        off.append("Message Content (or set DISCORD_MESSAGE_CONTENT=false and use mentions and slash commands)")
    if given.discord_members and not members:
        off.append("Server Members (or set DISCORD_MEMBERS=false and welcome nobody)")
    return f"switch on {' and '.join(off)}" if off else ""


def models(given: Settings) -> str:
    """Every provider that is set answers, takes the key and has the models."""
    from bot.app.models import configured, providers  # noqa: PLC0415

    names = configured(given)
    if not names:
        return "none is set, so the offline responder answers (docs/models.md says how to add one)"
    chosen = given.default_ai_provider
    if chosen not in ("auto", *names):
        raise Unwell(f"DEFAULT_AI_PROVIDER is {chosen}, which is not set up; set its key or address, or choose auto")
    providers(given)  # raises for an address that is none, and where the small model is not installed
    if find_spec("pydantic_ai") is None:
        raise Unwell(f"{', '.join(names)} needs libraries that are not installed: pip install 'megawatts[models]'")
    return _asked(_models(given, names))


async def _models(given: Settings, names: Sequence[str]) -> str:
    from bot.adapters.models import probe  # noqa: PLC0415

    ways: dict[str, Callable[[], Awaitable[str]]] = {
        "openai": lambda: _listed(
            "OPENAI_MODEL",
            given.openai_model,
            probe.ask_openai(given.openai_api_key.reveal(), given.openai_base_url),
            proxy=bool(given.openai_base_url),
        ),
        "anthropic": lambda: _listed(
            "ANTHROPIC_MODEL",
            given.anthropic_model,
            probe.ask_anthropic(given.anthropic_api_key.reveal(), given.anthropic_base_url),
            proxy=bool(given.anthropic_base_url),
        ),
        "llama": lambda: _llama(given),
        "local": _local,
    }
    found = await asyncio.gather(*(ways[name]() for name in names), return_exceptions=True)
    told = [f"{name}: {_told(one)}" for name, one in zip(names, found, strict=True)]
    if any(isinstance(one, BaseException) for one in found):
        raise Unwell("; ".join(told))
    return "; ".join(told)


def _told(found: str | BaseException) -> str:
    """Only what was written for people: texts of other errors may hold anything."""
    return str(found) if isinstance(found, str | MegawattsError) else f"could not be asked ({type(found).__name__})"


async def _llama(given: Settings) -> str:
    from bot.adapters.models.llama import Llama  # noqa: PLC0415

    server = Llama(given.llama_api_endpoint, key=given.llama_api_key.reveal())
    try:
        names = await server.listed()
    finally:
        await server.close()
    if not names:
        raise Unwell("the server of LLAMA_API_ENDPOINT answers and has no model; add one there (ollama pull NAME)")
    if given.llama_model:
        return _compared("LLAMA_MODEL", given.llama_model, names)
    return f"answers; {names[0]} is used"


async def _local() -> str:
    return "the small model is installed"


async def _listed(setting: str, wanted: str, work: Awaitable[Sequence[str]], *, proxy: bool) -> str:
    return _compared(setting, wanted, await work, proxy=proxy)


def _compared(setting: str, wanted: str, there: Sequence[str], *, proxy: bool = False) -> str:
    """Whether the models are there; a proxy may serve more than it lists.

    A name may stand for its newest dated version (`model` for `model-20260101`) or for its tag `latest`.
    """
    wants = [word.strip() for word in wanted.split(",") if word.strip()]
    gone = [one for one in wants if not any(name == one or name.startswith((f"{one}-", f"{one}:")) for name in there)]
    if there and gone and proxy:
        return f"answers, and does not list {', '.join(gone)}; if these do not work, correct {setting}"
    if there and gone:
        raise Unwell(f"it answers and has no {', '.join(gone)}; set {setting} to models that it has")
    return f"answers and has {', '.join(wants)}" if there else "answers, and does not list its models"


def database(given: Settings, home: Home) -> str:
    """The database answers and is at this version's revision."""
    from bot.adapters.store.schema import HEAD  # noqa: PLC0415

    address = stores.database_url(given)
    if address:
        stores.need_sql(given)
        from bot.adapters.store.sql.upkeep import current  # noqa: PLC0415  (half a second)

        setting = stores.database_setting(given)
        found, where = current(address.reveal(), setting), f"the database of {setting}"
    else:
        from bot.adapters.store.sqlite_file import revision_of  # noqa: PLC0415

        found, where = revision_of(home.records), str(home.records)
    if found == "":
        return f"{where} is empty; the first start makes the tables"
    if found != HEAD:
        at = f"revision {found}" if found else "no revision"
        raise Unwell(f"{where} is at {at}, this version needs {HEAD}: back it up and run megawatts db upgrade")
    return f"{where} answers, revision {found}"


def backup(given: Settings, home: Home, repository: str) -> str:
    """The database that is set can be backed up, where a controller would do it."""
    address = stores.database_url(given).reveal()
    if not address or address.startswith("sqlite"):
        return "files alone, which are copied as they are"
    if not repository and not home.forge.exists():
        return "not used: the controller makes them, and none is set up here (GITHUB_REPOSITORY is not set)"
    from bot.adapters.store.backup.postgres import able  # noqa: PLC0415  (only with a server)

    able(address)
    return "the database's own programs are there, and read all of it"


def redis(given: Settings) -> str:
    """The Redis that is set answers."""
    address, setting = stores.redis_url(given), stores.redis_setting(given)
    if not address:
        return "not used: cache and rate limits are in the process (set REDIS_URL to share them)"
    if find_spec("redis") is None:
        raise Misconfigured(f"{setting} needs redis, which is not installed: pip install 'megawatts[stores]'")
    from bot.adapters.store.redis_link import ping  # noqa: PLC0415

    async def ask() -> str:
        await ping(address.reveal(), setting)
        return "answers"

    return _asked(ask())


def vectors(given: Settings, home: Home) -> str:
    """What recalls by meaning is installed, or the server that is set answers."""
    from bot.adapters.vectors.qdrant import QdrantVectors  # noqa: PLC0415
    from bot.app.memories import open_index  # noqa: PLC0415

    store, embedder = open_index(given, home)
    if isinstance(store, QdrantVectors):
        return _asked(_qdrant(store))
    if store is None or embedder is None:
        return "not installed, memory is recalled by words alone (pip install 'megawatts[vectors]' adds meaning)"
    return "in the process, in the home folder"


async def _qdrant(store: "QdrantVectors") -> str:
    try:
        there = await store.found()
    finally:
        await store.close()
    return "the Qdrant server answers" + ("" if there else "; the first use makes the collection")
