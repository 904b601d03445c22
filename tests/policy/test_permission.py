"""Whatever is allowed is allowed to both; more permissions never take one away; rank decides over rank."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.guild import ChannelView, MemberView, RoleView
from bot.core.ids import ChannelId, GuildId, RoleId, UserId
from bot.core.verdict import Verdict
from bot.policy.permission import NO_CHANNEL, Powers, Touch, may
from bot.policy.permission_names import NAMES, parse_permissions, spoken

GUILD = GuildId("1")
SOME = ("ban_members", "manage_roles", "manage_channels", "view_channel", "send_messages", "administrator")
MOD = frozenset({"ban_members", "manage_roles", "manage_channels", "view_channel", "send_messages"})
HERE = ChannelView(ChannelId("9"), GUILD, "here")


def someone(number: str, top: int, may_: frozenset[str] = MOD, **more: Any) -> MemberView:
    return MemberView(UserId(number), GUILD, f"n{number}", may_, top, **more)


ASKER, BOT, TARGET = someone("1", 5), someone("2", 6, roles=frozenset({RoleId("r6")})), someone("3", 2)
ROLE = RoleView(RoleId("r2"), GUILD, "Helper", 2)
BAN = frozenset({"ban_members"})


def ask(needs: frozenset[str] = BAN, asker: MemberView = ASKER, bot: MemberView = BOT, **touch: Any) -> Verdict:
    there = {HERE.id: (touch.pop("asker_there", asker.permissions), touch.pop("bot_there", bot.permissions))}
    return may("tool", needs, Powers(asker, bot, there), Touch(**touch), touch.get("grants", {}))


def refused(verdict: Verdict, words: str) -> None:
    assert not verdict.passed
    assert words in verdict.because


def test_both_hold_it() -> None:
    assert ask().passed


def test_the_asker_lacks_it() -> None:
    refused(ask(asker=someone("1", 5, frozenset())), "you need the permission Ban Members")


def test_the_bot_lacks_it() -> None:
    refused(ask(bot=someone("2", 6, frozenset())), "I need the permission Ban Members")


def test_an_administrator_holds_all_and_gives_none_to_the_bot() -> None:
    everything = frozenset({"administrator"})
    assert ask(asker=someone("1", 5, everything)).passed
    refused(ask(asker=someone("1", 5, everything), bot=someone("2", 6, frozenset())), "I need")


def test_only_the_asker_needs_what_is_the_houses_own() -> None:
    plain = someone("2", 6, frozenset())
    assert ask(frozenset(), bot=plain, asker_needs=BAN).passed
    refused(ask(frozenset(), asker=someone("1", 5, frozenset()), asker_needs=BAN), "you need")


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (ASKER, "that is you"),
        (BOT, "that is me"),
        (someone("4", 0, owner=True), "nobody acts on the owner"),
        (someone("5", 5), "not below yours"),
        (someone("5", 7), "not below yours"),
    ],
)
def test_whom_a_member_cannot_act_against(member: MemberView, words: str) -> None:
    refused(ask(member=member, against=True), words)


def test_below_the_asker_but_not_below_the_bot() -> None:
    refused(ask(asker=someone("1", 9), member=someone("5", 6), against=True), "not below mine")
    refused(ask(asker=someone("1", 0, owner=True), member=someone("5", 6), against=True), "not below mine")


def test_where_the_bot_does_not_act_its_rank_does_not_matter() -> None:
    assert ask(asker=someone("1", 9), member=someone("5", 6), against=True, by_bot=False).passed
    refused(ask(member=someone("5", 6), against=True, by_bot=False), "not below yours")
    refused(ask(member=someone("4", 0, owner=True), against=True, by_bot=False), "nobody acts on the owner")


def test_an_owner_stands_above_all_ranks() -> None:
    assert ask(asker=someone("1", 0, owner=True), member=someone("5", 5), against=True).passed


def test_a_kindness_to_the_owner_only_by_the_owner() -> None:
    refused(ask(member=someone("4", 0, owner=True)), "owns this server")
    owner = someone("4", 0, owner=True)
    assert ask(asker=owner, member=owner).passed


@pytest.mark.parametrize(
    ("role", "use", "words"),
    [
        (replace(ROLE, position=5), "give", "not below your highest role"),
        (replace(ROLE, position=8), "delete", "not below your highest role"),
        (replace(ROLE, position=0), "give", "@everyone"),
        (replace(ROLE, position=0), "delete", "@everyone"),
        (replace(ROLE, managed=True), "give", "integration"),
        (replace(ROLE, managed=True), "change", "integration"),
        (replace(ROLE, id=RoleId("r6"), position=4), "delete", "one of my own"),
        (replace(ROLE, id=RoleId("r6"), position=4), "name", "one of my own"),
    ],
)
def test_roles_that_stay_as_they_are(role: RoleView, use: Any, words: str) -> None:
    refused(ask(role=role, use=use), words)


def test_roles_that_may_be_used() -> None:
    assert ask(role=ROLE, use="give").passed
    assert ask(role=replace(ROLE, position=0), use="change").passed
    assert ask(role=replace(ROLE, position=0), use="name").passed
    assert ask(role=replace(ROLE, managed=True), use="name").passed


def test_a_role_above_the_bot() -> None:
    refused(ask(asker=someone("1", 9), role=replace(ROLE, position=6), use="give"), "not below my highest role")


def test_nobody_hands_on_what_they_do_not_hold() -> None:
    refused(ask(gives=frozenset({"kick_members"})), "you do not hold Kick Members")
    strong = someone("1", 5, MOD | {"kick_members"})
    refused(ask(asker=strong, gives=frozenset({"kick_members"})), "I do not hold Kick Members")
    refused(ask(gives=frozenset({"administrator"})), "you do not hold Administrator")
    assert ask(gives=frozenset({"send_messages"})).passed


def test_a_role_is_not_lifted_above_its_lifter() -> None:
    refused(ask(role=ROLE, use="change", lifts=5), "position 5 is not below your highest role")
    refused(ask(asker=someone("1", 9), role=ROLE, use="change", lifts=6), "not below my highest role")
    assert ask(role=ROLE, use="change", lifts=4).passed


def test_in_a_channel_its_overwrites_count() -> None:
    plain = someone("1", 5, frozenset())
    assert ask(asker=plain, channels=(HERE,), asker_there=MOD).passed
    refused(ask(channels=(HERE,), asker_there=frozenset({"view_channel"})), "Ban Members in #here")
    refused(ask(channels=(HERE,), bot_there=frozenset({"view_channel"})), "I need the permission Ban Members in #here")


def test_a_channel_that_the_asker_cannot_see_is_not_there() -> None:
    assert ask(channels=(HERE,), asker_there=frozenset()).because == NO_CHANNEL
    assert ask(channels=(HERE,), asker_there=MOD - {"view_channel"}).because == NO_CHANNEL
    refused(ask(channels=(HERE,), bot_there=frozenset()), "I cannot see #here")


def test_what_is_held_in_one_channel_is_not_given_everywhere() -> None:
    plain = someone("1", 5, frozenset({"view_channel"}))
    touch = {"channels": (HERE,), "asker_there": MOD, "role": ROLE, "use": "give"}
    refused(ask(frozenset({"manage_roles"}), asker=plain, **touch), "you need the permission Manage Roles for")


def test_manage_permissions_in_a_channel_is_between_administrators() -> None:
    touch: dict[str, Any] = {"channels": (HERE,), "role": ROLE, "gives": frozenset({"manage_roles"})}
    refused(ask(**touch), "between administrators")
    admin = frozenset({"administrator", "view_channel"})
    assert ask(**touch, asker_there=admin, bot_there=admin).passed


def test_a_grant_keeps_a_tool_for_roles() -> None:
    powers, roles = Powers(ASKER, BOT), frozenset({RoleId("r9")})
    refused(may("tool", BAN, powers, Touch(), {"tool": roles}), "keep tool for certain roles")
    assert may("tool", BAN, powers, Touch(), {"other": roles}).passed
    holder = replace(ASKER, roles=roles)
    assert may("tool", BAN, Powers(holder, BOT), Touch(), {"tool": roles}).passed
    refused(
        may("tool", BAN, Powers(replace(holder, permissions=frozenset()), BOT), Touch(), {"tool": roles}), "you need"
    )
    refused(may("tool", BAN, powers, Touch(), {"tool": frozenset()}), "keep tool")


sets = st.frozensets(st.sampled_from(SOME))
members = st.builds(
    MemberView,
    id=st.sampled_from([UserId(n) for n in "134"]),
    guild=st.just(GUILD),
    name=st.just("n"),
    permissions=sets,
    top=st.integers(0, 4),
    roles=st.frozensets(st.sampled_from([RoleId("a"), RoleId("b")])),
    owner=st.booleans(),
)
bots = members.map(lambda one: replace(one, id=UserId("2"), owner=False, bot=True))
roles_ = st.builds(
    RoleView, id=st.sampled_from([RoleId("a"), RoleId("b")]), guild=st.just(GUILD), name=st.just("r"),
    position=st.integers(0, 5), permissions=sets, managed=st.booleans(),
)  # fmt: skip
touches = st.builds(
    Touch,
    channels=st.sampled_from([(), (HERE,)]),
    member=st.none() | members,
    against=st.booleans(),
    role=st.none() | roles_,
    use=st.sampled_from(["give", "take", "change", "delete", "name"]),
    gives=sets,
    lifts=st.integers(0, 5),
)
powers_ = st.builds(
    lambda asker, bot, one, other: Powers(asker, bot, {HERE.id: (one, other)}), members, bots, sets, sets
)
grants_ = st.dictionaries(st.just("tool"), st.frozensets(st.sampled_from([RoleId("a"), RoleId("b")])))


def lacks(held: frozenset[str], needs: frozenset[str]) -> bool:
    return "administrator" not in held and not needs <= held


@given(sets, powers_, touches, grants_)
def test_what_is_allowed_is_allowed_to_both(needs: Any, powers: Powers, touch: Touch, grants: Any) -> None:
    if not may("tool", needs, powers, touch, grants).passed:
        return
    asker, bot = powers.asker, powers.bot
    grounds = [powers.there[HERE.id]] if touch.channels else [(asker.permissions, bot.permissions)]
    for held, ours in grounds:
        assert not lacks(held, needs | touch.gives)
        assert not lacks(ours, needs | touch.gives)
    if touch.role and touch.role.position > 0:
        assert asker.owner or asker.top > touch.role.position
        assert bot.top > touch.role.position
    if touch.member and touch.against:
        assert not touch.member.owner
        assert touch.member.id not in (asker.id, bot.id)
        assert asker.owner or asker.top > touch.member.top
    assert "tool" not in grants or grants["tool"] & asker.roles


@given(sets, powers_, touches, sets)
def test_more_permissions_never_take_one_away(needs: Any, powers: Powers, touch: Touch, more: Any) -> None:
    if not may("tool", needs, powers, touch, {}).passed:
        return
    asker = replace(powers.asker, permissions=powers.asker.permissions | more)
    there = {key: (one | more, other) for key, (one, other) in powers.there.items()}
    assert may("tool", needs, Powers(asker, powers.bot, there), touch, {}).passed


@given(sets, powers_, touches, grants_)
def test_a_grant_only_narrows(needs: Any, powers: Powers, touch: Touch, grants: Any) -> None:
    if may("tool", needs, powers, touch, grants).passed:
        assert may("tool", needs, powers, touch, {}).passed


@given(sets, powers_, touches)
def test_a_refusal_names_its_reason(needs: Any, powers: Powers, touch: Touch) -> None:
    verdict = may("tool", needs, powers, touch, {})
    assert verdict.because
    assert verdict.passed == all(child.passed for child in verdict.children)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ban Members, VIEW_CHANNEL", {"ban_members", "view_channel"}),
        ("read-messages; Manage Server", {"view_channel", "manage_guild"}),
        ("timeout members,", {"moderate_members"}),
        ("", set()),
    ],
)
def test_permissions_as_people_write_them(text: str, names: set[str]) -> None:
    assert parse_permissions(text) == (names, "")


def test_permissions_are_shown_as_discords_settings_do() -> None:
    assert spoken(frozenset({"manage_guild", "ban_members"})) == "Ban Members, Manage Server"


def test_a_permission_that_is_none() -> None:
    names, problem = parse_permissions("Ban Members, Fly")
    assert names == frozenset()
    assert problem.startswith("there is no permission called 'Fly'")


def test_every_name_can_be_said_and_read_again() -> None:
    assert parse_permissions(spoken(NAMES)) == (NAMES, "")
