"""Which model is asked first, and which after it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Status, Verdict
from bot.policy.routing import FREE, Candidate, Condition, Price, Route, Rules, Task, route

SMALL = Candidate("openai", "mini", "small", price=Price(0.25, 2.0), context=100_000)
LARGE = Candidate("openai", "big", "large", price=Price(1.25, 10.0), context=100_000)
OTHER = Candidate("anthropic", "haiku", "small", price=Price(1.0, 5.0), context=100_000)
HOME = Candidate("llama", "llama3.2", "only", local=True)
ALL = (SMALL, LARGE, OTHER, HOME)
TASK = Task("simple", ("a question (+1)",), input_tokens=1000)
HARD = replace(TASK, complexity="hard")


def order(found: Route) -> list[str]:
    return [one.name for one in found.chain]


def test_a_simple_task_goes_to_the_cheapest_and_a_hard_one_to_a_large_model() -> None:
    assert order(route(TASK, ALL, {}))[0] == HOME.name
    assert order(route(TASK, (SMALL, LARGE, OTHER), {})) == ["openai:mini", "anthropic:haiku", "openai:big"]
    assert order(route(HARD, (SMALL, LARGE, OTHER), {}))[0] == "openai:big"


def test_a_model_too_weak_for_the_task_comes_last() -> None:
    weak = replace(HOME, capable=0)
    assert order(route(HARD, (*ALL[:3], weak), {}))[-1] == weak.name
    assert order(route(replace(TASK, complexity="trivial"), (LARGE, weak), {}))[0] == weak.name


def test_the_provider_of_the_setting_comes_first_and_the_others_stay_behind_it() -> None:
    found = order(route(TASK, ALL, {}, Rules("anthropic")))
    assert found[0] == "anthropic:haiku"
    assert len(found) == 4


def test_the_slower_of_two_equals_comes_later_and_so_does_one_on_probation() -> None:
    twin = replace(OTHER, provider="twin")
    slow = {OTHER.name: Condition(latency=9.0), twin.name: Condition(latency=1.0)}
    assert order(route(TASK, (OTHER, twin), slow)) == [twin.name, OTHER.name]
    ill = {twin.name: Condition("half-open")}
    assert order(route(TASK, (OTHER, twin), ill)) == [OTHER.name, twin.name]


def test_with_tools_on_offer_a_model_without_comes_later_and_is_still_there() -> None:
    deaf = replace(HOME, tools=False)
    assert order(route(TASK, (SMALL, deaf), {}))[0] == deaf.name
    assert order(route(replace(TASK, tools=True), (SMALL, deaf), {})) == [SMALL.name, deaf.name]


def test_private_text_stays_at_home_if_that_is_set() -> None:
    private = replace(TASK, private=True)
    found = route(private, ALL, {}, Rules(private_local_only=True))
    assert order(found) == [HOME.name]
    assert {one.obstacle for one in found.places} == {"", "private"}
    assert route(private, ALL[:3], {}, Rules(private_local_only=True)).obstacle == "private"
    assert len(order(route(TASK, ALL, {}, Rules(private_local_only=True)))) == 4, "only private text is bound"
    assert len(order(route(private, ALL, {}))) == 4, "only if it is set"


@pytest.mark.parametrize(
    ("condition", "rules", "task", "obstacle", "words"),
    [
        (Condition("open", 42.0), Rules(), TASK, "unhealthy", "42 s"),
        (Condition(trouble="its name is gone"), Rules(), TASK, "retired", "its name is gone"),
        (Condition(), Rules(left=0.0), TASK, "budget", "$0.0000 of today's budget"),
        (Condition(), Rules(), replace(TASK, input_tokens=100_000), "context", "do not fit"),
    ],
)
def test_who_may_not_be_asked_is_told_with_the_reason(
    condition: Condition, rules: Rules, task: Task, obstacle: str, words: str
) -> None:
    found = route(task, [SMALL], {SMALL.name: condition}, rules)
    assert found.chain == ()
    assert found.obstacle == obstacle
    assert words in found.places[0].because
    told = found.explain()
    assert told.status is Status.FAIL
    assert words in told.because
    assert found.wait == (42.0 if obstacle == "unhealthy" else 0.0)


def test_a_spent_budget_keeps_paid_models_out_and_leaves_free_ones() -> None:
    assert order(route(TASK, ALL, {}, Rules(left=0.0))) == [HOME.name]


def test_nobody_is_no_obstacle_and_says_who_answers_then() -> None:
    found = route(TASK, (), {})
    assert (found.chain, found.obstacle, found.wait) == ((), "", 0.0)
    assert "offline responder" in found.explain().because
    assert found.explain().status is Status.INCONCLUSIVE


def test_every_place_tells_its_points_and_where_they_come_from() -> None:
    found = route(HARD, ALL, {}, Rules("openai"))
    told = found.explain()
    assert told.name == "route"
    assert told.children[0].name == "complexity"
    for number, (verdict, place) in enumerate(zip(told.children[1:], found.places, strict=True), 1):
        assert verdict.facts["place"] == number
        assert verdict.facts["points"] == pytest.approx(sum(c.facts["points"] for c in verdict.children), abs=0.01)
        assert verdict.name == place.candidate.name
    assert Verdict.from_dict(told.to_dict()).name == told.name


def test_an_assumed_price_is_told() -> None:
    found = route(TASK, [replace(LARGE, assumed=True)], {})
    assert "price unknown" in found.explain().children[1].because


CANDIDATES = st.builds(
    Candidate,
    provider=st.sampled_from(["openai", "anthropic", "llama"]),
    model=st.sampled_from("abcdef"),
    size=st.sampled_from(["small", "large", "only"]),
    local=st.booleans(),
    price=st.sampled_from([FREE, Price(1, 5), Price(15, 75)]),
    context=st.sampled_from([0, 100, 10_000]),
    tools=st.booleans(),
    capable=st.integers(0, 2),
)
CONDITIONS = st.builds(
    Condition,
    breaker=st.sampled_from(["closed", "open", "half-open"]),
    wait=st.floats(0, 300),
    latency=st.none() | st.floats(0, 60),
    trouble=st.sampled_from(["", "gone"]),
)
TASKS = st.builds(
    Task,
    complexity=st.sampled_from(["trivial", "simple", "hard"]),
    because=st.just(("x",)),
    private=st.booleans(),
    tools=st.booleans(),
    input_tokens=st.integers(0, 20_000),
)
SAID = st.builds(
    Rules,
    preferred=st.sampled_from(["auto", "openai", "llama"]),
    private_local_only=st.booleans(),
    left=st.none() | st.floats(0, 1),
)


@given(TASKS, st.lists(CANDIDATES, max_size=6, unique_by=lambda c: c.name), st.data(), SAID)
def test_routing_is_total_honest_and_the_same_in_any_order(
    task: Task, candidates: list[Candidate], data: st.DataObject, rules: Rules
) -> None:
    conditions = {one.name: data.draw(CONDITIONS) for one in candidates}
    found = route(task, candidates, conditions, rules)
    assert {place.candidate for place in found.places} == set(candidates)
    assert order(found) == order(route(task, reversed(candidates), conditions, rules))
    for one in found.chain:
        assert conditions[one.name].breaker != "open"
        assert not conditions[one.name].trouble
        assert one.local or not (task.private and rules.private_local_only)
        assert rules.left is None or one.price.of(task.input_tokens, task.most_tokens) <= rules.left + 1e-9
    assert bool(found.obstacle) == (bool(candidates) and not found.chain)
    assert len(found.explain().children) == len(candidates) + 1
