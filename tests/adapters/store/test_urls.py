"""Addresses of databases as people write them."""

import pytest

from bot.core.errors import Misconfigured

pytestmark = pytest.mark.integration


def parsed(text: str) -> str:
    from bot.adapters.store.sql.urls import parse

    return parse(text, "DATABASE_URL").render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p%2F@h:1/d?sslmode=require", "postgresql+asyncpg://u:p%2F@h:1/d?ssl=require"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("sqlite:////folder/f.db", "sqlite+aiosqlite:////folder/f.db"),
    ],
)
def test_the_usual_forms_are_understood(text: str, expected: str) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hunter2", "not the address of a database"),
        ("postgresql://u:hunter2@h:port/d", "not the address"),
        ("mysql://u:hunter2@h/d", "'mysql', which is not supported"),
        ("postgresql+psycopg2://u:hunter2@h/d", "not supported"),
        ("postgresql://u:hunter2@h", "names no host or no database"),
        ("postgresql://u:hunter2@/d", "names no host or no database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://u:hunter2@h/d?sslrootcert=x", "'sslrootcert'"),
        ("postgresql://u:hunter2@h/d?sslmode=verify", "sslmode that is none: use one of disable, "),
        ("postgresql://u:hunter2@h/d?sslmode=disable&sslmode=verify-full", "sslmode that is none"),
        ("sqlite:////f.db?mode=ro", "'mode'"),
    ],
)
def test_a_wrong_one_is_named_by_its_setting_and_not_shown(text: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as caught:
        parsed(text)
    assert "DATABASE_URL" in str(caught.value)
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
