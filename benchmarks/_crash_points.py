"""Where each named point is killed: a story of the crash benchmark, by SIGKILL, or a test that ends there."""

from collections.abc import Mapping

KILLED: Mapping[str, tuple[str, ...]] = {
    "healthy": (
        "act.merge.audited", "act.merge.before", "act.merge.done", "act.observe.read", "act.settle.commented",
        "act.settle.reported", "act.settle.tagged", "acted.merge", "acted.observe", "acted.propose", "acted.settle",
        "comment.done", "comment.row", "dashboard.done", "dashboard.row", "decided.merge", "decided.observe",
        "decided.settle", "merge.before", "merge.commit", "merge.done", "merge.ref", "merge.row", "open.before",
        "open.done", "open.row", "propose.audited", "propose.before_push", "propose.opened", "propose.pushed",
        "propose.remembered", "propose.reported", "publish.objects", "publish.ref", "release.done", "release.row",
        "releases.published", "report.done", "report.row", "tag.before", "tag.done",
    ),
    "unhealthy": (
        "act.revert.captured", "act.revert.labelled", "act.revert.opened", "act.revert.remembered",
        "act.revert.shunned", "acted.reland", "acted.revert", "acted.wait", "decided.revert", "decided.wait",
        "edit.done", "edit.row", "reland.before_push", "reland.opened", "reland.pushed", "revert.before",
        "revert.commit", "revert.done", "revert.ref", "revert.row",
    ),
    "asked": (
        "act.ask.polled", "act.ask.reported", "acted.ask", "ask.done", "ask.row", "decided.ask",
    ),
    "closed": (
        "act.close.audited", "acted.close", "acted.update", "acted.validate", "close.done", "close.row",
        "decided.close", "decided.update", "decided.validate",
    ),
    "paged": (
        "act.page.audited", "acted.page", "decided.page",
    ),
    "rolled back": (
        "acted.rollback", "rollback.chosen",
    ),
    "by hand": (
        "outside.audited", "outside.shunned",
    ),
    "reviewed": (
        "answer.said", "review.audited", "review.labelled",
    ),
    "revised": (
        "revise.audited", "revise.noted", "revise.pushed",
    ),
    "ticked": (
        "retries.heeded", "untick.done", "untick.row",
    ),
    "two at once": (
        "replay.judged",
    ),
    "deployer": (
        "deploy.before", "deploy.ended", "deploy.promoted", "deploy.ready", "deploy.started", "deploy.switched",
        "mend.before", "mend.ended", "mend.ready",
    ),
    "tests/improve/test_backing.py": (
        "act.backup.audited", "act.backup.commented", "act.backup.made", "acted.backup", "decided.backup",
    ),
    "tests/improve/test_forgeless.py": (
        "forgeless.audited", "forgeless.captured", "forgeless.given_up", "forgeless.held", "forgeless.paged",
        "forgeless.recorded", "forgeless.rolled_back",
    ),
    "tests/improve/test_forge_away.py": (
        "catchup.forgotten", "catchup.released", "catchup.shunned",
    ),
    "tests/improve/test_merge_queue.py": (
        "queue.audited", "queue.consent", "queue.gate",
    ),
    "tests/improve/watcher/test_watcher.py": (
        "watch.audited", "watch.merged", "watch.opened", "watch.ours",
    ),
}  # fmt: skip
"""Points by the first story, in the order in which they are told, that comes to them; or by the file of the test."""
