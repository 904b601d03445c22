import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.checksum import iban, luhn
from bot.policy.redact import (
    ACCOUNT,
    CARD,
    EMAIL,
    HIDDEN,
    PHONE,
    harmless,
    hide,
    personal_in,
    redact,
    redact_fully,
    secrets_in,
)

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc123\n-----END RSA PRIVATE KEY-----"
KEYS = (
    "ghp_honey7f3a9c51e2honey7f3a9c51e2honey00",
    "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
    "glpat-abcdefghij0123456789",
    "sk-honey-7f3a9c51e2-honey-7f3a9c51e2",
    "sk-ant-api03-abcDEF123456ghiJKL789",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "AKIAIOSFODNN7EXAMPLE",
    "AIza" + "Sy0" * 11 + "ab",
    "hf_abcdefghijklmnopqrstuvwxyz012345",
    "xoxb-123456789012-abcdefghij",
    "xoxb-abcdefghij",
    "123456789:AAabcdefghijklmnopqrstuvwxyz0123456",
    "MhoneyhoneyhoneyhoneyhoneyA.honey1.honey7f3a9c51e2honey7f3a9c51e2",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "pypi-" + "AgEIcHlwaS5vcmc" * 3,
    PEM,
)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:10])
@pytest.mark.parametrize("around", ["{}", "my key is {} ok", "KEY={}", '{{"k": "{}"}}', "({}).", "`{}`", "x:\n{}\ny"])
def test_a_key_of_known_form_goes_and_what_stands_around_it_stays(key: str, around: str) -> None:
    text = around.format(key)
    assert redact(text).replace(HIDDEN, "") == around.format("").replace("{{", "{").replace("}}", "}")
    assert hide(text) == redact(text)
    assert secrets_in(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("POSTGRES_PASSWORD=honey-7f3a9c51e2-plain", f"POSTGRES_PASSWORD={HIDDEN}"),
        ("my password is hunter2!", f"my password is {HIDDEN}!"),
        ("password: correcthorse", f"password: {HIDDEN}"),
        ('"password": "correct-horse",', f'"password": "{HIDDEN}",'),
        ("mein Passwort ist geheim123", f"mein Passwort ist {HIDDEN}"),
        ("mon mot de passe est soleil42", f"mon mot de passe est {HIDDEN}"),
        ("mi contraseña es verano99", f"mi contraseña es {HIDDEN}"),
        ("hunter2x is my password", f"{HIDDEN} is my password"),
        ("api key: a8f5f167f44f4964e6c998dee827110c", f"api key: {HIDDEN}"),
        ("Authorization: Bearer abcDEF123456ghiJKL789", f"Authorization: Bearer {HIDDEN}"),
        ("see https://ann:pw@host.example/x", f"see https://{HIDDEN}@host.example/x"),
        (f"https://discord.com/api/webhooks/123456789/{'aB3-' * 12}", f"https://discord.com/api/webhooks/{HIDDEN}"),
    ],
)
def test_what_a_word_calls_a_secret_goes(text: str, left: str) -> None:
    assert redact(text) == left
    assert secrets_in(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("pay with 4111 1111 1111 1111 now", f"pay with {CARD} now"),
        ("4111111111111111", CARD),
        ("378282246310005", CARD),
        ("IBAN DE89 3704 0044 0532 0130 00 is mine", f"IBAN {ACCOUNT} is mine"),
        ("at611904300234573201", ACCOUNT),
        ("GB29 NWBK 6016 1331 9268 19.", f"{ACCOUNT}."),
    ],
)
def test_numbers_of_cards_and_accounts_go_by_their_checksum(text: str, left: str) -> None:
    assert redact(text) == left
    assert secrets_in(text)
    assert hide(text) == text, "in a log a number is a number"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write ann.b+c@example.co.uk please", f"write {EMAIL} please"),
        ("call +43 660 1234567", f"call {PHONE}"),
        ("call (555) 123-4567!", f"call {PHONE}!"),
        ("ruf 0660 1234567 an", f"ruf {PHONE} an"),
        ("0049-30-901820", PHONE),
    ],
)
def test_addresses_and_phone_numbers_go_and_are_no_secrets(text: str, left: str) -> None:
    assert redact(text) == left
    assert personal_in(text)
    assert not secrets_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "The release party moves to Friday because the hall is closed on Thursday.",
        "<@411111111111111111> and <#1234567890123456789>",
        "411111111111111111",
        "4111 1111 1111 1112",
        "AT61 1904 3002 3457 3202",
        "on 2026-01-05 12:00, or 05/03/2026 14:00",
        "roll 2d6+3 and 100 200 300 4000",
        "192.168.100.200, version 2.68.1, #123",
        "task-force-something-long-a1b2c3",
        "the password is wrong",
        "forgot my password again, how do I reset it?",
        "the token budget is 2000 tokens a day",
        "what is a secret santa",
        "12c8a1ef200f2a3fe93045e7399be99a1b2c3d4e5f60",
        "@everyone look @ann",
        "",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text
    assert hide(text) == text
    assert not secrets_in(text)
    assert not personal_in(text)


PIECES = st.sampled_from(
    (
        *KEYS,
        "password: correcthorse",
        "token",
        "my password is hunter2",
        "4111 1111 1111 1111",
        "a@b.example",
        " ",
        "\n",
    )
)


@given(st.lists(PIECES | st.text(max_size=12), max_size=8).map(" ".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert not any(key in once for key in KEYS)


LATIN = st.text(alphabet=st.characters(max_codepoint=255))
MARKS = st.sampled_from(
    ("password", "token", "ghp_", "sk-", "eyJ", "SG.", "://", "²", "1", "a" * 14, "-----", ":", " ")
)


@given(st.lists(PIECES | MARKS | LATIN | st.text(max_size=12), max_size=8).flatmap(st.permutations).map("".join))
def test_what_is_called_harmless_is_left_as_it_is_by_the_full_search(text: str) -> None:
    if harmless(text):
        assert redact_fully(text) == hide(text) == text
        assert not secrets_in(text)
        assert not personal_in(text)
    assert redact(text) == redact_fully(text)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:10])
@pytest.mark.parametrize("around", ["{}", "é{}", "ключ {}", "x:\n{}\ny"])
def test_no_key_is_called_harmless_and_half_of_one_is_not_redacted(key: str, around: str) -> None:
    assert not harmless(around.format(key))
    assert redact_fully(key[:14]) == key[:14]


@pytest.mark.parametrize(
    "text", ["so I said to him, it's lunch", "Grüß Gott, ça va? ¿Qué tal?", "", "\n\t_*~`'\"()<>/\\"]
)
def test_what_people_say_is_harmless(text: str) -> None:
    assert harmless(text)


@pytest.mark.parametrize("text", ["at 5", "pass²", "so: a thing", "a=b", "@ann", "привет", "a" * 15, "-----"])
def test_what_could_hold_anything_is_looked_at_in_full(text: str) -> None:
    assert not harmless(text)
    assert redact(text) == text


@given(st.text(max_size=60), st.sampled_from(KEYS), st.text(max_size=60))
def test_no_words_around_a_key_hide_it_from_us(before: str, key: str, after: str) -> None:
    assert key not in redact(f"{before} {key} {after}")
    assert secrets_in(f"{before} {key} {after}")


@given(st.integers(0, 10**15 - 1).map(lambda number: f"{number:015d}"))
def test_one_check_digit_of_ten_fits(head: str) -> None:
    fits = [digit for digit in "0123456789" if luhn(head + digit)]
    assert len(fits) == (0 if len(set(head)) == 1 and luhn_alone(head) else 1)


def luhn_alone(head: str) -> bool:
    return not any(luhn(head + digit) for digit in "0123456789")


@pytest.mark.parametrize(
    "text", ["", "DE", "DE89", "XX89370400440532013000", "DE89370400440532013000x", "DE8937040044053201300é"]
)
def test_what_is_no_account_number_has_no_length(text: str) -> None:
    assert iban(text) == 0


def test_a_long_text_is_read_in_one_pass() -> None:
    """Nested repeats would make a text like these take minutes; the suite's own time limit would tell."""
    for text in (
        "+1 " * 1400,
        "0" * 4000,
        "a" * 4000,
        "token " * 700,
        "eyJ" * 1400,
        "DE12 " * 800,
        "a.b@" * 1000,
    ):
        assert isinstance(redact(text), str)
