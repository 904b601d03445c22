"""Security: the names by which Python gives a program more power than computing has."""

RULES: dict[str, tuple[str, str]] = {
    "code-from-text": (
        "runs text as code",
        "eval exec compile code.interact runpy.* codeop.* types.CodeType types.FunctionType",
    ),
    "hidden-import": (
        "imports by a computed name",
        (
            "__import__ builtins.__import__ importlib.import_module importlib.__import__ importlib.util.* "
            "importlib.machinery.* imp.* pkgutil.get_loader pkgutil.find_loader"
        ),
    ),
    "process": (
        "starts a program",
        (
            "subprocess.* os.system os.popen os.exec* os.spawn* os.posix_spawn* os.fork os.forkpty pty.* "
            "asyncio.create_subprocess_* multiprocessing.*"
        ),
    ),
    "network": (
        "opens a connection",
        (
            "socket.* urllib.request.* urllib2.* urllib3.* http.client.* requests.* httpx.* httpx2.* aiohttp.Client* "
            "aiohttp.request ftplib.* smtplib.* telnetlib.* poplib.* imaplib.* xmlrpc.* websockets.* paramiko.* "
            "asyncio.open_connection asyncio.start_server"
        ),
    ),
    "deserialisation": (
        "builds objects from bytes",
        (
            "pickle.* cPickle.* _pickle.* marshal.* shelve.* dill.* cloudpickle.* joblib.load jsonpickle.* yaml.load "
            "yaml.unsafe_load yaml.full_load yaml.load_all yaml.unsafe_load_all torch.load pandas.read_pickle"
        ),
    ),
    "native": (
        "leaves Python",
        "ctypes.* cffi.* _ctypes.* gc.get_objects gc.get_referrers sys._getframe sys.settrace sys.setprofile",
    ),
    "reflection": (
        "reaches what is not its own",
        (
            "sys.modules globals builtins.* inspect.currentframe inspect.stack object.__subclasses__ sys.meta_path "
            "sys.path_hooks site.*"
        ),
    ),
}
"""Rule, what it says, and dotted names; a trailing `*` stands for any rest."""
SAFE = frozenset(
    {
        "subprocess.CalledProcessError", "subprocess.TimeoutExpired", "subprocess.PIPE", "subprocess.DEVNULL",
        "socket.gethostname", "socket.timeout", "socket.error", "importlib.util.find_spec", "multiprocessing.cpu_count",
        "urllib.request.quote", "requests.exceptions", "sys.modules.get", "pickle.PickleError",
    }
)  # fmt: skip
"""Names under a rule's pattern that do nothing."""
BARE = frozenset({"eval", "exec", "compile", "__import__", "globals"})
"""Dangerous without any import."""
DUNDERS = frozenset(
    {
        "__subclasses__", "__globals__", "__builtins__", "__bases__", "__mro__", "__code__", "__reduce__",
        "__closure__", "__reduce_ex__", "__loader__", "__getattribute__", "f_globals", "f_locals",
        "f_back", "gi_frame", "cr_frame", "tb_frame",
    }
)  # fmt: skip
"""Attributes that lead from any object to the interpreter."""
MODULES = frozenset(
    {"builtins", "__builtins__", "os", "sys", "subprocess", "importlib", "socket", "shutil", "ctypes", "posix"}
)
"""Modules out of which nothing is taken by a computed name."""
LOADED = frozenset({"ctypes", "pickle", "marshal", "_pickle", "cffi", "pty", "telnetlib"})
"""Modules whose import alone says what is meant."""
SECRET_FILES = (
    "/proc/", "/etc/shadow", "/etc/passwd", ".ssh", ".aws", ".netrc", ".git/config", ".docker/config", "/dev/mem",
    "id_rsa", ".kube/config", ".pypirc", "/var/run/docker.sock", "/var/run/secrets",
)  # fmt: skip
GRAVE = frozenset({"code-from-text", "deserialisation", "native", "reflection", "secret-file", "hidden-import"})
"""Of high severity: refused to anyone."""
HARMLESS_IN_TESTS = frozenset({"process", "network", "reflection", "injection", "deserialisation", "native"})
"""Tests run in the sandbox only, and may play the attacker; what they may not do is run text as code."""


def rule_of(full: str) -> str:
    """The rule that a full dotted name falls under; empty for none."""
    if full in SAFE or ("." not in full and full not in BARE):
        return ""
    return next((rule for rule, (_, names) in RULES.items() if any(_fits(full, name) for name in names.split())), "")


def _fits(full: str, name: str) -> bool:
    return full == name or (name.endswith("*") and full.startswith(name[:-1]))
