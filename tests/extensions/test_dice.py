import re

import pytest


async def test_the_total_is_the_sum_of_what_is_shown(desk) -> None:
    for _ in range(20):
        called = await desk.call("roll_dice", notation="3d6+2")
        rolled, total = re.fullmatch(r"3d6\+2: (\d \+ \d \+ \d) \+ 2 = (\d+)", called.result.text).groups()
        numbers = [int(one) for one in rolled.split(" + ")]
        assert sum(numbers) + 2 == int(total)
        assert all(1 <= one <= 6 for one in numbers)


async def test_every_side_comes_up(desk) -> None:
    seen = {(await desk.call("roll_dice", notation="1d4")).result.facts["total"] for _ in range(80)}
    assert seen == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("notation", "key"),
    [
        ("banana", "bad_dice"),
        ("0d6", "too_many"),
        ("101d6", "too_many"),
        ("1d1", "too_many"),
        ("2d1001", "too_many"),
        ("d", "bad_dice"),
    ],
)
async def test_dice_that_cannot_be_thrown_say_why(desk, notation: str, key: str) -> None:
    called = await desk.call("roll_dice", notation=notation)
    assert (called.fate, called.result.key) == ("refused", key)


async def test_minus(desk) -> None:
    called = await desk.call("roll_dice", notation="1d2-5")
    assert called.result.facts["total"] in (-4, -3)
    assert " - 5 = " in called.result.text


async def test_both_sides_of_the_coin(desk) -> None:
    assert {(await desk.call("toss_coin")).result.key for _ in range(30)} == {"heads", "tails"}


async def test_one_of_the_things_named(desk) -> None:
    picks = {(await desk.call("choose_one", options="tea, coffee or water")).result.facts["picked"] for _ in range(40)}
    assert picks == {"tea", "coffee", "water"}


@pytest.mark.parametrize("options", ["tea", "tea or tea", " , ,"])
async def test_one_thing_is_no_choice(desk, options: str) -> None:
    assert (await desk.call("choose_one", options=options)).fate == "refused"
