"""What is asked of Discord before a bot is started with a token."""

from collections.abc import AsyncIterator

import discord
import pytest
from aiohttp import web

from bot.adapters.discord import probe
from bot.app import doctor_doors
from bot.app.settings import load
from bot.core.errors import Denied, Unavailable
from tests.adapters.discord import server

pytestmark = pytest.mark.integration
CONTENT_LIMITED, MEMBERS = 1 << 19, 1 << 14


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)


async def served(flags: int, status: int = 200) -> AsyncIterator[str]:
    async def rest(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {server.TOKEN}":
            return server.answer({"message": "401: Unauthorized", "code": 0}, status=401)
        if status != 200:
            return server.answer({"message": "no", "code": 0}, status=status)
        row = {"id": "1000", "name": "megawatts", "description": "", "bot_public": True, "verify_key": "", "icon": None}
        owner = {"owner": server.user(server.OWNER, "owner"), "bot_require_code_grant": False, "flags": flags}
        me = server.user(server.ME, "megawatts", bot=True)
        return server.answer(me if request.path.endswith("/users/@me") else row | owner)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", rest)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("flags", "content", "members"), [(0, False, False), (CONTENT_LIMITED, True, False), (MEMBERS, False, True)]
)
async def test_which_intents_are_on(flags: int, content: bool, members: bool) -> None:
    async for api in served(flags):
        found = await probe.look(server.TOKEN, api=api)
        assert found == probe.Application("1000", "megawatts", content, members)


async def test_a_token_that_is_refused() -> None:
    async for api in served(0):
        with pytest.raises(Denied) as told:
            await probe.look("another-token", api=api)
        assert "another-token" not in str(told.value)


async def test_an_answer_that_is_none() -> None:
    async for api in served(0, status=403):
        with pytest.raises(Unavailable):
            await probe.look(server.TOKEN, api=api)


async def test_nobody_there() -> None:
    with pytest.raises(Unavailable, match="Discord"):
        await probe.look(server.TOKEN, api="http://127.0.0.1:9/api/v10")


async def test_the_doctor_ends_with_the_invite_link_or_with_what_to_switch_on() -> None:
    async for api in served(CONTENT_LIMITED):
        told = await doctor_doors._discord(load({"DISCORD_API_BASE": api}), server.TOKEN)
        assert "megawatts (1000) is welcome" in told
        assert "https://discord.com/oauth2/authorize?client_id=1000&" in told
        with pytest.raises(doctor_doors.Unwell, match="Server Members"):
            await doctor_doors._discord(load({"DISCORD_API_BASE": api, "DISCORD_MEMBERS": "true"}), server.TOKEN)
        with pytest.raises(doctor_doors.Unwell, match="refuses DISCORD_BOT_TOKEN"):
            await doctor_doors._discord(load({"DISCORD_API_BASE": api}), "another-token")
