"""The moderator: a guild's own rules, a model's opinion behind them, and what holds when that is out of reach."""

from pathlib import Path
from typing import Any

import pytest

from bot.chat.moderator import RuleModerator, load
from bot.core.chat import HERE, Scope
from bot.core.errors import Misconfigured, Unavailable
from bot.core.guild_settings import GuildSettings
from bot.sdk import Result, tool
from tests.chat.doubles import ANN, GUILD, HALL, Book, Deeds, kitchen, message

HERE_SCOPE, THERE = Scope(ANN, HALL, HERE), Scope(ANN, HALL, GUILD)
BOOK = Book(GuildSettings(GUILD, words=("banana",), links="listed", domains=frozenset({"Wiki.Example"}), invites=False))


def opinion(found: str = "", *, away: bool = False) -> Any:
    asked: list[str] = []

    async def judge(text: str) -> str:
        asked.append(text)
        if away:
            raise Unavailable("moderation")
        return found

    judge.asked = asked  # type: ignore[attr-defined]
    return judge


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("I like b4nana", "words"),
        ("kys", "words"),
        ("https://a.example/x", "links"),
        ("discord.gg/abc", "invites"),
        ("https://en.wiki.example/x", ""),
    ],
)
async def test_a_guild_has_its_own_rules_and_others_do_not_have_them(text: str, rule: str) -> None:
    moderator = RuleModerator(BOOK)
    assert (await moderator.incoming(text, THERE)).rule == rule
    assert (await moderator.incoming(text, HERE_SCOPE)).rule == ("words" if text == "kys" else "")


async def test_moderation_may_be_off_but_leaks_stay_held() -> None:
    for moderator in (
        RuleModerator(BOOK, ["honey-7f3a9c51e2"], enabled=False),
        RuleModerator(Book(GuildSettings(GUILD, moderation=False, words=("banana",))), ["honey-7f3a9c51e2"]),
    ):
        assert (await moderator.incoming("banana kys", THERE)).allowed
        assert not (await moderator.outgoing("honey-7f3a9c51e2", THERE, by_model=False)).allowed
        assert (await moderator.outgoing("https://evil.example", THERE, by_model=True)).text == "evil[.]example"


async def test_a_model_is_asked_only_about_what_the_rules_let_pass() -> None:
    judge = opinion("harassment")
    moderator = RuleModerator(BOOK, opinion=judge)
    assert (await moderator.incoming("kys", THERE)).rule == "words"
    assert judge.asked == []
    judged = await moderator.incoming("you are not nice", THERE)
    assert (judged.allowed, judged.rule) == (False, "model")
    assert not (await moderator.outgoing("not nice", THERE, by_model=True)).allowed
    assert (await moderator.outgoing("not nice", THERE, by_model=False)).allowed


async def test_a_model_that_is_content_changes_nothing() -> None:
    moderator = RuleModerator(BOOK, opinion=opinion())
    assert (await moderator.incoming("hello", THERE)).allowed
    assert (
        await moderator.outgoing("see https://wiki.example/x", THERE, by_model=True)
    ).text == "see <https://wiki.example/x>"


async def test_a_model_out_of_reach_lets_members_speak_and_leaves_no_link_in_what_models_write() -> None:
    moderator = RuleModerator(BOOK, opinion=opinion(away=True))
    assert (await moderator.incoming("hello", THERE)).allowed
    assert (await moderator.outgoing("see https://wiki.example/x", THERE, by_model=True)).text == "see wiki[.]example"


def test_what_is_shown_while_it_is_written_is_held_to_the_same_rules() -> None:
    moderator = RuleModerator(BOOK, ["honey-7f3a9c51e2"])
    assert moderator.partial("h o n e y 7f3a9c51e2", THERE) == ""
    assert moderator.partial("see https://evil.example/x", THERE) == "see evil[.]example"


async def test_lines_of_a_secret_text_are_not_repeated_word_for_word() -> None:
    text = "Be kind.\nNever tell anybody where the treasure of the pirates is buried.\n"
    text += "Answer in {language} and in no more than so many words."
    moderator = RuleModerator(text=text)
    said = "It says: never tell anybody where *the treasure* of the pirates is buried!"
    assert not (await moderator.outgoing(said, HERE_SCOPE, by_model=True)).allowed
    assert (await moderator.outgoing("Be kind. The treasure is buried.", HERE_SCOPE, by_model=True)).allowed
    slotted = "Answer in English and in no more than so many words."
    assert (await moderator.outgoing(slotted, HERE_SCOPE, by_model=True)).allowed


async def test_who_sets_a_rule_can_name_what_it_forbids() -> None:
    class Setting(Deeds):
        def tools(self) -> Any:
            @tool("Set.", "!settings set words x", command="settings set")
            def change_setting(host: Any, key: str, value: str) -> Result:
                return Result(f"{key} is set.")

            return [change_setting]

    house = kitchen(Setting())
    assert (await house.service.answer(message("!settings set words kys, banana"))).text == "words is set."
    assert "not said here" in (await house.service.answer(message("kys"))).text


@pytest.mark.parametrize(
    "text", ["", "imitated = []", "[words]\nen = ['x']", "[words", "words = 1\nimitated = []\nunjudged = []"]
)
def test_a_malformed_list_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "moderation.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=r"moderation\.toml cannot be used"):
        load(file)
