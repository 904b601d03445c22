"""One contestant in a process of its own: reads `MODE COUNT` a line, answers with processor and wall seconds.

Every contestant sends the same system text and the same question to the same address, with retries off.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

MODEL, SYSTEM = "gpt-5-mini", "You are a helpful bot. " * 40
QUESTIONS = {"plain": "What is the time in Oslo?", "few": "Tell a few words.", "many": "Tell many words."}
First = Callable[[], None]
Ask = Callable[[str, First], Awaitable[None]]
"""Ask in a mode; call `First` when the first text is there."""


def sdk(url: str, _folder: Path) -> Ask:
    """OpenAI's own client."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)

    async def ask(mode: str, first: First) -> None:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTIONS[mode]}]
        if mode == "plain":
            answer = await client.chat.completions.create(model=MODEL, messages=messages)  # type: ignore[call-overload]
            assert answer.choices[0].message.content
            return
        text = ""
        stream = await client.chat.completions.create(  # type: ignore[call-overload]
            model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                text += chunk.choices[0].delta.content
                first()
        assert text

    return ask


def pydantic(url: str, _folder: Path) -> Ask:
    """A bare run of pydantic-ai's agent."""
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
    agent = Agent(OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client)), instructions=SYSTEM)

    async def ask(mode: str, first: First) -> None:
        if mode == "plain":
            assert (await agent.run(QUESTIONS[mode])).output
            return
        text = ""
        async with agent.run_stream(QUESTIONS[mode]) as run:
            async for grown in run.stream_text(debounce_by=None):
                text = grown
                first()
        assert text

    return ask


def direct(url: str, _folder: Path) -> Ask:
    """pydantic-ai's model layer without its agent: what our router builds on."""
    from openai import AsyncOpenAI
    from pydantic_ai.direct import model_request, model_request_stream
    from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))

    async def ask(mode: str, first: First) -> None:
        messages = [ModelRequest(parts=[SystemPromptPart(SYSTEM), UserPromptPart(QUESTIONS[mode])])]
        if mode == "plain":
            assert (await model_request(model, messages)).parts
            return
        async with model_request_stream(model, messages) as stream:
            async for _event in stream:
                first()
            assert stream.get().parts

    return ask


def router(url: str, folder: Path) -> Ask:
    """The bot's router as it is put together in the product: records on disk, budgets, breakers, accounts."""
    from bot.adapters.store.records import SqliteRecords
    from bot.app.bot_wiring import Unobserved, now
    from bot.app.models import open_thinker
    from bot.app.settings import load
    from bot.core.chat import Scope
    from bot.core.ids import ChannelId, GuildId, UserId
    from bot.core.model import Prompt

    names = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_MODEL": f"{MODEL},gpt-5"}
    money = {"AI_USER_DAILY_USD": "1000", "AI_GUILD_DAILY_USD": "1000", "AI_DAILY_USD": "1000"}
    thinker = open_thinker(load(names | money), SqliteRecords(folder / "records.db"), None, Unobserved(), now)
    assert thinker is not None
    scope = Scope(UserId("1"), ChannelId("2"), GuildId("3"), audience="members")

    class Sink:
        def __init__(self, first: First) -> None:
            self._first, self.text = first, ""

        async def grow(self, text: str) -> None:
            self.text = text
            self._first()

    async def ask(mode: str, first: First) -> None:
        sink = None if mode == "plain" else Sink(first)
        reply = await thinker.think(Prompt(SYSTEM, QUESTIONS[mode], "Ann"), scope, None, sink)
        assert reply.text
        assert not reply.cached

    return ask


def litellm(url: str, _folder: Path) -> Ask:
    """litellm's Router over one deployment and one to fall back to."""
    import litellm as library

    library.suppress_debug_info = True
    deployments = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_key": "k", "api_base": f"{url}/v1"}}
        for name in (MODEL, "gpt-5")
    ]
    chain = library.Router(model_list=deployments, fallbacks=[{MODEL: ["gpt-5"]}], num_retries=0)

    async def ask(mode: str, first: First) -> None:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTIONS[mode]}]
        if mode == "plain":
            answer = await chain.acompletion(model=MODEL, messages=messages)
            assert answer.choices[0].message.content
            return
        text = ""
        stream = await chain.acompletion(
            model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                text += chunk.choices[0].delta.content
                first()
        assert text

    return ask


CONTESTANTS = {"sdk": sdk, "direct": direct, "pydantic": pydantic, "router": router, "litellm": litellm}


async def _batch(ask: Ask, mode: str, count: int) -> dict[str, float]:
    """Processor and wall seconds of one call, and seconds until the first text, as means over `count` calls."""
    firsts = []
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count):
        began = time.perf_counter()
        seen: list[float] = []
        await ask(mode, lambda seen=seen: seen.append(time.perf_counter()) if not seen else None)  # type: ignore[misc]
        firsts.append(seen[0] - began if seen else 0.0)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu / count, "wall": wall / count, "first": sum(firsts) / count}


async def _serve(name: str, url: str, folder: Path) -> None:
    ask = CONTESTANTS[name](url, folder)
    while line := await asyncio.to_thread(sys.stdin.readline):
        mode, count = line.split()
        figures = await _batch(ask, mode, int(count))
        rss = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS"))
        sys.stdout.write(json.dumps({**figures, "megabytes": int(rss.split()[1]) / 1024}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
