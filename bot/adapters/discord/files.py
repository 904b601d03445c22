"""Attachments: small text files are read, as data; all others are named only."""

import asyncio
from collections.abc import Sequence

import aiohttp
import discord

from bot.adapters.discord.words import Words
from bot.core.chat import Attachment

LARGEST, MOST = 64 * 1024, 4
"""Bytes of one file that are read, and files of one message."""
_WITHIN = 5.0
_TEXTUAL = ("text/", "application/json", "application/xml", "application/yaml", "application/toml", "application/x-sh")
_ENDINGS = (".txt", ".md", ".py", ".js", ".ts", ".json", ".yaml", ".yml", ".toml", ".csv", ".log", ".ini", ".sh", ".rs")


async def read_all(files: Sequence[discord.Attachment], words: Words) -> tuple[Attachment, ...]:
    """Every attachment, with the text of those that are read."""
    read = [await _one(file, words, number < MOST) for number, file in enumerate(files)]
    return tuple(read)


def named(file: discord.Attachment, text: str = "") -> Attachment:
    """An attachment by its name, without a look inside."""
    return Attachment(file.filename, file.content_type or "", file.size, text)


async def _one(file: discord.Attachment, words: Words, wanted: bool) -> Attachment:
    if not wanted or not _is_text(file):
        return named(file)
    if file.size > LARGEST:
        return named(file, words("discord.unread_size", "", size=file.size, most=LARGEST))
    try:
        async with asyncio.timeout(_WITHIN):
            content = await file.read()
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError):
        return named(file, words("discord.unread", ""))
    return named(file, "" if b"\0" in content else content[:LARGEST].decode("utf-8-sig", errors="replace"))


def _is_text(file: discord.Attachment) -> bool:
    kind = (file.content_type or "").casefold()
    return kind.startswith(_TEXTUAL) or file.filename.casefold().endswith(_ENDINGS)
