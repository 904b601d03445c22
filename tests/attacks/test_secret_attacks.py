"""THREATS 19: a secret in an added line is found and never repeated."""

from pathlib import Path, PurePosixPath

import pytest

from bot.improve.stages._secrets import entropy, secret_in, secrets
from tests.improve.stages.static.builders import gate_of

HERE = PurePosixPath("pkg/settings.py")
RANDOM = "q7Zt9Kx2Lm4Vb8Nc1Wd6Rf3Hj5Gs0Py"
SECRETS = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "x = 'ghp_" + "a1B2" * 9 + "'",
    "x = 'github_pat_" + "a1B2c" * 10 + "'",
    "AKIA" + "ABCDEFGH12345678",
    "TOKEN = '" + "M" + "a1B2" * 6 + ".Xy12ab." + "a1B2" * 8 + "'",
    "https://discord.com/api/webhooks/123456789012345678/" + "a1B2" * 16,
    "sk-ant-" + "a1B2" * 8,
    "sk-proj-" + "a1B2" * 8,
    f"api_key = '{RANDOM}'",
    f'"password": "{RANDOM}"',
    "xoxb-" + "1234567890-abc",
    "postgres://user:hunter2secret@db/x",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3In0.abcDEF123456",
    f"x = '{RANDOM}{RANDOM}'",
    "AIza" + "a1B2c" * 7,
    "glpat-" + "a1B2" * 5,
]
PLAIN = [
    "x = 'an ordinary sentence with many words in it'",
    "password = os.environ['PASSWORD']",
    "token: str = ''",
    "api_key = 'changeme-please-now'",
    "sha256 = '" + "ab12" * 16 + "'",
    "--hash=sha256:" + "ab12" * 16,
    "https://example.org/a/long/path/to/some/page/with/words",
    "ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'",
    "import bot.improve.stages.performance_of_everything",
    "uses: actions/checkout@" + "ab12" * 10,
    "def test_a_member_reads_what_another_member_wrote_in_a_thread(): ...",
    "postgres://user:{password}@db/x",
    "auth = get_authentication_header_for(request)",
]


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_is_seen(line: str) -> None:
    assert secret_in(line, HERE)


@pytest.mark.parametrize("line", PLAIN)
def test_an_ordinary_line_is_not(line: str) -> None:
    assert secret_in(line, HERE) == ""


def test_only_added_lines_count_and_the_secret_is_not_repeated(tmp_path: Path) -> None:
    line = f"API_KEY = '{RANDOM}'\n"
    base = {"pkg/settings.py": line}
    assert list(secrets(gate_of(tmp_path / "a", base, {"pkg/settings.py": line + "OTHER = 1\n"}))) == []
    found = list(
        secrets(gate_of(tmp_path / "b", {"pkg/settings.py": "A = 1\n"}, {"pkg/settings.py": "A = 1\n" + line}))
    )
    assert [(p.rule, p.line) for p in found] == [("secret", 2)]
    assert RANDOM not in str(found[0])


def test_entropy_is_bits_a_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == pytest.approx(2)
