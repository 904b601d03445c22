"""A boxed program looks for what it must not have: the caller's environment, files, history, open handles."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.core.errors import Misconfigured, Unavailable

pytestmark = pytest.mark.sandbox

HONEY = "honeytoken-7c1f0d"


@pytest.fixture(scope="session")
def box():
    try:
        return Bubblewrap()
    except (Misconfigured, Unavailable) as error:
        pytest.skip(f"no bubblewrap here: {error}")


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


async def run(box, tree, program, *argv, **more):
    return await box.run([sys.executable, "-I", "-S", "-c", program, *map(str, argv)], root=tree, **more)


ENVIRONMENTS = """
import os, pathlib
read = 0
for name in os.listdir('/proc'):
    if name.isdigit():
        for file in ('environ', 'cmdline', 'task/' + name + '/environ'):
            try:
                print(pathlib.Path('/proc', name, file).read_bytes())
                read += 1
            except OSError:
                pass
print('read', read)
"""


async def test_no_environment_inside_holds_the_callers(box, tree, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", HONEY)
    done = await run(box, tree, ENVIRONMENTS, env={"MEANT": "for-it"})
    assert done.ok
    assert b"for-it" in done.out
    assert HONEY.encode() not in done.out + done.err
    assert b"GITHUB_TOKEN" not in done.out


async def test_a_token_that_the_launcher_started_with_stays_out(tree):
    """The launcher's own /proc/PID/environ holds what it was started with, whatever it deletes later."""
    script = (
        "import asyncio, pathlib, sys\n"
        "from bot.adapters.sandbox.bubblewrap import Bubblewrap\n"
        "argv = [sys.executable, '-I', '-S', '-c', sys.argv[2]]\n"
        "done = asyncio.run(Bubblewrap().run(argv, root=pathlib.Path(sys.argv[1])))\n"
        "sys.stdout.buffer.write(done.out)\n"
    )
    env = {**os.environ, "DISCORD_TOKEN": HONEY, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", script, str(tree), ENVIRONMENTS]
    done = await asyncio.to_thread(subprocess.run, argv, env=env, capture_output=True, check=True)
    assert b"read" in done.stdout
    assert HONEY.encode() not in done.stdout


FILES = """
import json, os, pathlib, sys
honey, seen = sys.argv[1], []
for top in sys.argv[2:]:
    try:
        if honey in pathlib.Path(top).read_text():
            seen.append(top)
    except OSError:
        pass
for top, dirs, files in os.walk('/', followlinks=False):
    if top.startswith(('/proc', '/usr', '/sys', '/dev')) or 'site-packages' in top or '/lib/python' in top:
        dirs[:] = []
        continue
    for name in files:
        path = os.path.join(top, name)
        try:
            if honey.encode() in open(path, 'rb').read(1 << 16):
                seen.append(path)
        except OSError:
            pass
print(json.dumps(seen))
"""


@pytest.fixture
def planted(tmp_path, tree):
    """Honeytokens where a real machine has its secrets, beside the tree and behind links out of it."""
    home = tmp_path / "home"
    (home / "repo/.git").mkdir(parents=True)
    places = [home / ".git-credentials", home / ".netrc", home / "repo/.git/config", tmp_path / "secret.txt"]
    for place in places:
        place.write_text(f"token={HONEY}")
    (tree / "link").symlink_to(places[0])
    (tree / "up").symlink_to("../secret.txt")
    (tree / "folder").symlink_to(home)
    return [*places, tree / "link", tree / "up", tree / "../secret.txt", tree / "folder/.netrc"]


async def test_no_file_of_the_host_is_readable(box, tree, planted):
    done = await run(box, tree, FILES, HONEY, *planted, f"/proc/self/cwd/{planted[0]}", f"/proc/1/root{planted[0]}")
    assert done.ok, done.err
    assert json.loads(done.out) == []


async def test_what_is_lent_is_readable_so_that_the_search_means_something(box, tree, planted):
    done = await run(box, tree, FILES, HONEY, *planted, readable=[planted[3]])
    assert str(planted[3]) in json.loads(done.out)


async def test_homes_and_settings_of_the_host_are_absent(box, tree):
    look = (
        "import os\nfor p in ('/home','/etc/shadow','/etc/ssh','/root/.ssh','/var','/run','/sys','/boot','/opt',"
        "'/etc/hostname'): print(p) if os.path.exists(p) else 0"
    )
    done = await run(box, tree, look)
    assert done.ok
    assert done.out == b""


async def test_passwd_names_nobody_of_the_host(box, tree):
    done = await run(box, tree, "print(open('/etc/passwd').read().count(':x:'))")
    assert done.out.strip() == b"1"


async def test_no_open_handle_is_inherited(box, tree, tmp_path):
    secret = tmp_path / "open.txt"
    secret.write_text(HONEY)
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        look = "import os; print([(n, os.path.realpath(f'/proc/self/fd/{n}')) for n in os.listdir('/proc/self/fd')])"
        done = await run(box, tree, look)
    numbers = [pair[0] for pair in eval(done.out)]
    assert set(numbers) <= {"0", "1", "2", "3"}
    assert b"open.txt" not in done.out


async def test_standard_input_is_what_was_given_and_no_more(box, tree):
    echo = "import sys; sys.stdout.write(sys.stdin.read())"
    assert (await run(box, tree, echo, stdin=b"given")).out == b"given"
    assert (await run(box, tree, echo)).out == b""


async def test_host_paths_do_not_show_in_the_first_process(box, tree):
    done = await run(box, tree, "print(open('/proc/1/cmdline','rb').read())")
    assert b"site-packages" not in done.out
    assert b"bind" not in done.out


async def test_a_report_that_is_really_a_link_to_a_secret_is_gone_before_anyone_reads_it(box, tree, tmp_path):
    """Row 5, turned round: the program makes the launcher follow a link."""
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "secret.txt").write_text(HONEY)
    evil = (
        "import os, sys\nos.chdir(sys.argv[1])\nos.symlink(sys.argv[2], 'report.json')\n"
        "os.symlink('../secret.txt', 'up.json')\nos.mkfifo('hang.json')\nos.mkdir('d')\n"
        "os.symlink('/etc', 'd/etc')\nopen('good.json', 'w').write('1')\nos.symlink('good.json', 'same.json')"
    )
    done = await run(box, tree, evil, out, tmp_path / "secret.txt", writable=[out])
    assert done.ok, done.err
    assert sorted(p.name for p in out.rglob("*")) == ["d", "good.json", "same.json"]


async def test_a_system_folder_cannot_be_lent(box, tree):
    for path in (Path("/"), Path("/etc"), Path("/usr/lib"), Path("/proc")):
        with pytest.raises(Misconfigured, match="belongs to the system"):
            await run(box, tree, "", readable=[path])
    with pytest.raises(Misconfigured, match="without"):
        await run(box, tree, "", writable=[tree / "../x"])


async def test_loader_variables_are_refused(box, tree):
    with pytest.raises(Misconfigured, match="LD_PRELOAD"):
        await run(box, tree, "", env={"LD_PRELOAD": str(tree / "evil.so")})
