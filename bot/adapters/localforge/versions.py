"""Tags, their releases, and the way other repositories follow the forge."""

from bot.adapters.crash import point
from bot.adapters.git.names import check_branch
from bot.adapters.git.plumbing import IDENTITY
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.desk import Desk
from bot.adapters.localforge.opening import BODY_LIMIT
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.text import one_line, plain


def tag(desk: Desk, name: str, sha: Sha, message: str) -> None:
    """An annotated tag; a second call changes nothing."""
    ref = f"refs/tags/{check_branch(name)}"
    point("tag.before")
    there = desk.repo.ref(ref)
    if there is None:
        text = plain(message).strip() or one_line(name)
        argv = ("tag", "--annotate", "--cleanup=verbatim", "--no-sign", "-F", "-", "--", name, sha)
        desk.repo.git.run(*argv, stdin=text.encode() + b"\n", env=IDENTITY, codes=(0, 1, 128))
        there = desk.repo.ref(ref)
    if there != sha:
        raise Denied(f"the tag {name} is taken by {str(there)[:12]}")
    point("tag.done")


def tags(desk: Desk) -> dict[str, Sha]:
    """Tags of commits, by name."""
    form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(objecttype)%00%(*objecttype)"
    lines = desk.repo.git.run("for-each-ref", f"--format={form}", "refs/tags").out.decode("utf-8", "replace")
    found: dict[str, Sha] = {}
    for line in lines.splitlines():
        name, oid, peeled, kind, inner = line.split("\0")
        if "commit" in {kind, inner}:
            found[name] = Sha(peeled or oid)
    return found


def release(desk: Desk, name: str, text: str) -> None:
    """What a tagged version brought; a later text replaces the earlier. Denied for a tag that is not there."""
    if desk.repo.ref(f"refs/tags/{check_branch(name)}") is None:
        raise Denied(f"there is no tag {name} to release")
    with desk.ledger.change("release") as db:
        db.execute(
            "INSERT INTO releases VALUES (?, ?, ?)"
            " ON CONFLICT (tag) DO UPDATE SET text = excluded.text, at = excluded.at",
            (name, plain(text)[:BODY_LIMIT], desk.now()),
        )


def releases(desk: Desk) -> dict[str, str]:
    """The text of every release by tag, oldest first."""
    return {row["tag"]: row["text"] for row in desk.ledger.rows("SELECT tag, text FROM releases ORDER BY rowid")}


def fetch(desk: Desk, into: Repository) -> None:
    """Branches of a bare repository follow the forge's; an ordinary one gets them beside its own."""
    target = into if isinstance(into, GitRepository) else GitRepository(into.path)
    where = "refs/heads" if target.bare else "refs/megawatts/forge"
    target.fetch(desk.repo.path, f"+refs/heads/*:{where}/*", "+refs/tags/*:refs/tags/*", "+refs/pull/*:refs/pull/*")
