"""The pace of an answer that grows, on a clock that jumps."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from bot.adapters.discord.board import FIRST, PACE, Board
from bot.adapters.discord.render import Piece
from bot.core.errors import Denied, Unavailable

pytestmark = pytest.mark.integration


class Jumping(asyncio.SelectorEventLoop):
    """Time jumps to the next timer as soon as nothing else is to be done."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None) -> Any:
            self.now += timeout or 0.0
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


class Wall:
    """A place that keeps when what was shown."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, float, str]] = []
        self.shown: dict[int, str] = {}
        self.fails: Exception | None = None

    def note(self, act: str, text: str) -> None:
        if self.fails:
            raise self.fails
        self.acts.append((act, asyncio.get_running_loop().time(), text))

    async def send(self, piece: Piece) -> int:
        self.note("send", piece.text)
        self.shown[len(self.acts)] = piece.text
        return len(self.acts)

    async def edit(self, handle: int, piece: Piece) -> None:
        self.note("edit", piece.text)
        self.shown[handle] = piece.text

    async def delete(self, handle: int) -> None:
        self.note("delete", "")
        del self.shown[handle]


def play(story: Callable[[Board], Awaitable[None]], wall: Wall) -> Wall:
    loop = Jumping()
    try:

        async def main() -> None:
            await story(Board(wall))

        loop.run_until_complete(main())
    finally:
        loop.close()
    return wall


async def grows(board: Board, seconds: float, step: float = 0.05) -> str:
    text = ""
    for number in range(int(seconds / step)):
        text += f"word{number} "
        await board.grow(text)
        await asyncio.sleep(step)
    return text


def test_the_first_text_is_shown_early_and_then_at_a_pace() -> None:
    async def story(board: Board) -> None:
        await board.finish([Piece(await grows(board, 10))])

    acts = play(story, Wall()).acts
    assert acts[0][0] == "send"
    assert acts[0][1] == pytest.approx(FIRST)
    times = [at for _, at, _ in acts]
    assert all(later - earlier >= PACE - 1e-6 for earlier, later in pairwise(times[:-1]))
    assert 8 <= len(acts) <= 10


def test_what_did_not_grow_is_not_shown_again() -> None:
    async def story(board: Board) -> None:
        await board.grow("one")
        await asyncio.sleep(30)
        await board.finish([Piece("one", quiet=True)])

    assert [act for act, _, _ in play(story, Wall()).acts] == ["send"]


def test_an_answer_that_is_there_at_once_is_sent_once() -> None:
    async def story(board: Board) -> None:
        await board.grow("whole")
        await board.finish([Piece("whole")])

    assert [(act, text) for act, _, text in play(story, Wall()).acts] == [("send", "whole")]


def test_long_answers_overflow_into_further_messages_and_shrink_again() -> None:
    async def story(board: Board) -> None:
        await board.grow("word " * 900)
        await asyncio.sleep(1)
        await board.finish([Piece("I should not have said that.")])

    wall = play(story, Wall())
    assert [act for act, _, _ in wall.acts] == ["send", "send", "send", "edit", "delete", "delete"]
    assert list(wall.shown.values()) == ["I should not have said that."]


def test_code_that_is_still_open_is_shown_closed() -> None:
    async def story(board: Board) -> None:
        await board.grow("```py\nx = 1")
        await asyncio.sleep(1)
        await board.finish([Piece("```py\nx = 1\n```")])

    assert play(story, Wall()).acts[0][2] == "```py\nx = 1\n```"


def test_a_failure_while_it_grows_is_made_good_at_the_end() -> None:
    wall = Wall()

    async def story(board: Board) -> None:
        wall.fails = Unavailable("Discord")
        await board.grow("one")
        await asyncio.sleep(5)
        wall.fails = None
        await board.grow("one two")
        await board.finish([Piece("one two three")])

    assert [(act, text) for act, _, text in play(story, wall).acts] == [("send", "one two three")]


def test_a_failure_at_the_end_is_told() -> None:
    wall = Wall()
    wall.fails = Denied("no")

    async def story(board: Board) -> None:
        with pytest.raises(Denied):
            await board.finish([Piece("one")])

    play(story, wall)


def test_nothing_is_painted_after_the_end() -> None:
    async def story(board: Board) -> None:
        await board.finish([Piece("done")])
        await board.grow("more")
        await asyncio.sleep(5)

    assert [text for _, _, text in play(story, Wall()).acts] == ["done"]
