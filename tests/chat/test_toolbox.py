from typing import Any

import pytest

from bot.chat.prompt import SLOTS, Setting, load, prompt, system
from bot.chat.sinks import HELD, GuardedSink
from bot.chat.toolbox import BoundToolbox
from bot.core.errors import Misconfigured
from bot.policy.mood import Tone
from bot.sdk.host import Caller
from tests.chat.doubles import ANN, HALL, Deeds, Grown, kitchen


def box(deeds: Deeds, *names: str) -> Any:
    house = kitchen(deeds)
    specs = {spec.name: spec for spec in house.parts.registry.specs()}
    return BoundToolbox(house.parts.registry, Caller(ANN, HALL), [specs[name] for name in names], house.observer)


async def test_only_what_was_offered_is_there() -> None:
    deeds = Deeds()
    tools = box(deeds, "channel_topic")
    assert [one.name for one in tools.schemas()] == ["channel_topic"]
    assert (
        await tools.call("create_role", {})
        == "There is no tool 'create_role' in this turn. Tools there are: channel_topic."
    )
    assert deeds.done == []
    assert tools.calls == []


async def test_wrong_arguments_are_told_in_words() -> None:
    tools = box(Deeds(), "add_numbers")
    assert "one must be" in await tools.call("add_numbers", {"one": "x"})
    assert "there is no 'tow'" in await tools.call("add_numbers", {"one": 1, "tow": 2})
    assert "one" in await tools.call("add_numbers", {"one": {1: object()}})


async def test_the_same_call_twice_and_a_ninth_call_are_refused() -> None:
    tools = box(Deeds(), "add_numbers")
    assert await tools.call("add_numbers", {"one": 1}) == "2"
    assert "same arguments" in await tools.call("add_numbers", {"one": 1})
    for n in range(2, 9):
        assert await tools.call("add_numbers", {"one": n}) == str(n + 1)
    assert "enough of tools" in await tools.call("add_numbers", {"one": 99})
    assert len(tools.calls) == 8


async def test_at_most_three_things_wait_for_one_member() -> None:
    deeds = Deeds()
    tools = box(deeds, "create_role")
    said = [await tools.call("create_role", {"name": str(n)}) for n in range(5)]
    assert sum("waits for the member's button" in one for one in said) == 3
    assert "let them decide" in said[-1]
    assert deeds.done == []


async def test_what_a_tool_returns_is_redacted_and_cut() -> None:
    tools = box(Deeds(returns="mail ann@x.example sk-abcdefgh12345678ijkl " + "x " * 9000), "channel_topic")
    said = await tools.call("channel_topic", {})
    assert said.startswith("mail [e-mail address] [redacted] x")
    assert len(said) < 4100


async def test_a_sink_holds_the_end_back() -> None:
    sink = Grown()
    guarded = GuardedSink(sink, lambda text: text, 1000)
    text = "word " * 60
    for end in range(0, len(text) + 1, 20):
        await guarded.grow(text[:end])
    assert sink.shown
    assert all(text.startswith(one) and len(one) <= len(text) - HELD for one in sink.shown)
    assert sink.shown == sorted(set(sink.shown), key=len)


async def test_a_sink_that_was_refused_stays_shut() -> None:
    sink = Grown()
    guarded = GuardedSink(sink, lambda text: "" if "honey" in text else text, 1000)
    await guarded.grow("word " * 60)
    before = list(sink.shown)
    await guarded.grow("word " * 60 + "honey")
    await guarded.grow("word " * 100)
    assert sink.shown == before


async def test_a_sink_shows_no_more_than_fits() -> None:
    sink = Grown()
    await GuardedSink(sink, lambda text: text, 300).grow("word " * 100)
    assert sink.shown == []


def test_the_system_text_has_its_slots_and_a_generated_list_of_tools() -> None:
    template = load()
    specs = [one.spec for one in Deeds().tools()]
    text = system(Setting(specs[:1], specs, "de", 1500, Tone.GENTLE, "mark-1"), template)
    assert "- `delete_channel`: Delete a channel." in text
    assert "`/add`" in text
    assert "Answer in de" in text
    assert "frustrated" in text
    assert not [slot for slot in SLOTS if f"{{{slot}}}" in text]
    assert "- none" in system(Setting([], [], "en", 1500, Tone.EVEN, "mark-1"), template)


def test_a_system_text_without_a_slot_is_named(tmp_path: Any) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        load(tmp_path / "no.md")
    (tmp_path / "system.md").write_text("hello {tools}")
    with pytest.raises(Misconfigured, match=r"has no slot \{abilities\}"):
        load(tmp_path / "system.md")


def test_everything_in_a_prompt_is_cut_and_no_slot_is_filled_by_members() -> None:
    made = prompt(
        system_text="ours", text="x" * 9000, name="{tools}" * 40, history=(), facts=(), attachments=(), language="en",
        longest=99,
    )  # fmt: skip
    assert made.system == "ours"
    assert len(made.text) == 4000
    assert len(made.name) == 80
