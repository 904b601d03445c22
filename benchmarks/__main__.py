"""`python -m benchmarks NAME`: run one benchmark. Each module here has `main(argv) -> None`."""

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the named benchmark, or list what there is."""
    names = sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))
    if len(sys.argv) < 2 or sys.argv[1].replace("-", "_") not in names:
        print("usage: scripts/bench NAME\nbenchmarks: " + ", ".join(n.replace("_", "-") for n in names))
        sys.exit(2)
    import_module(f"benchmarks.{sys.argv[1].replace('-', '_')}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
