"""Entry point inside the sandbox: loads this folder as a package of its own, whatever `bot` the checkout brings."""

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "megawatts_referee"


def load(name: str) -> object:
    """The referee's module of this name, without touching the checkout's import path."""
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{here} holds no referee")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return importlib.import_module(f"{PACKAGE}.{name}")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.pop(0)
    program = sys.argv[1] if len(sys.argv) > 1 else "warden"
    sys.exit(load(program).main())  # type: ignore[attr-defined]  # the module is found by name at run time
