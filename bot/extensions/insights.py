"""What members of a server come for, for its admins: counts of many, never of one."""

from bot.extensions._rights import MANAGE, lacking, no
from bot.sdk import Host, Insight, Result, one_line, read_tally, summary, tool

_TABLE = "insights"
_MOST = 6
_HEADS = {"intent": "they came for", "hour": "hours (UTC)", "outcome": "answers"}


@tool(
    "Show what members of this server come to me for, in counts of many (admins).",
    "!insights",
    command="insights",
    needs=(f"read:{_TABLE}", "book", "guilds"),
    guild_only=True,
    private=True,
)
async def show_insights(host: Host) -> Result:
    """The last 28 whole days. Off until an admin turns it on; nothing that fewer than 5 members or days would show."""
    if refusal := await lacking(host, MANAGE):
        return no(refusal)
    if not host.book.read(host.caller.guild).insights:
        text = "Nothing is counted here: insights are off. !settings set insights on turns them on."
        return Result(text, "off")
    rows = (read_tally(row) for _key, row in host.rows(_TABLE).scan(f"{host.caller.guild}/"))
    found = summary((one for one in rows if one is not None), host.caller.guild, host.now.date())
    if not found:
        return Result("There is not enough to tell yet: it takes 5 members on 5 days.", "few")
    lines = "\n".join(_lines(found))
    text = f"Members of 28 days, counted once a day each, in steps of 5:\n{lines}"
    return Result(text, facts={"list": lines, "count": len(found)})


def _lines(found: tuple[Insight, ...]) -> list[str]:
    everybody = next((one for one in found if "/" not in one.cell), None)
    lines = [f"- members: {everybody.people} on {everybody.days} days"] if everybody else []
    for sort, head in _HEADS.items():
        some = [one for one in found if one.cell.startswith(f"{sort}/")][:_MOST]
        if some:
            told = ", ".join(f"{one_line(one.cell.split('/')[1], 40)} {one.people}" for one in some)
            lines.append(f"- {head}: {told}")
    return lines
