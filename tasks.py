"""A task's name and options → the task done: set-up, demo, tests and lock file, on any platform.

    python tasks.py demo [--images FOLDER] [--port N]   the page over samples, or over your pictures
    python tasks.py test [PYTEST ARGUMENTS]             lint, types and all tests
    python tasks.py bench [--quick] [OPTIONS]           all benchmarks; `make bench` needs none
    python tasks.py audit [--offline]                   known faults, licences and pins of packages
    python tasks.py sbom [FILE]                         all that Lookalike is made of (CycloneDX)
    python tasks.py install                             only the virtual environment
    python tasks.py lock [--upgrade]                    the lock files anew (needs uv)
    python tasks.py clean                               remove all that these tasks made

It needs the standard library alone, and starts on any Python 3.7 or newer in order to say which
Python it wants. ``IMAGES``, ``PORT``, ``TESTS`` and ``VENV`` can come from the environment, as
`make` hands them over.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / (os.environ.get("VENV") or ".venv")
BENCH_LOCK = ROOT / "requirements-bench.lock"
BENCH_VENV = VENV.with_name(f"{VENV.name}-bench")  # what is compared stays out of the other
DEMO = ROOT / "demo"
PYTHONS = ((3, 11), (3, 12), (3, 13))
WINDOWS = os.name == "nt"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MEGABYTES = {"requirements.lock": 340, "requirements-bench.lock": 920}
RUNNERS = (["test"], ["bench"], ["audit"], ["sbom"])
DRIVERS = ("chromedriver", "chromium.chromedriver")
MAC_BROWSERS = ("/Applications/Google Chrome.app", "/Applications/Chromium.app")


class TaskError(Exception):
    """A task cannot be done; the message is one sentence that says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one task → its exit status: 0 done, 1 not done, 2 wrong usage, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    own = given[:1] if given[:1] in RUNNERS else given  # the rest is handed on
    options = _parser().parse_args(own)
    options.rest = given[len(own) :]
    try:
        if sys.version_info[:2] not in PYTHONS:
            return _again_with(find_python(), given)
        options.task(options)
    except TaskError as error:
        print(f"tasks: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode if error.returncode > 0 else 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tasks.py", description="Lookalike's everyday tasks.")
    tasks = parser.add_subparsers(dest="name", metavar="TASK", required=True)

    def add(
        name: str, task: Callable[[argparse.Namespace], None], text: str
    ) -> Callable[..., argparse.Action]:
        child = tasks.add_parser(name, help=text, description=text)
        child.set_defaults(task=task)
        return child.add_argument

    add("help", lambda _: parser.print_help(), "say what there is")
    option = add("demo", demo, "index pictures and serve the page over them")
    option("--images", default=os.environ.get("IMAGES") or None, help="a folder of your own")
    option("--port", type=int, default=os.environ.get("PORT") or 5000, help="5000 by default")
    add("test", test, "lint, types and all tests; what follows is handed to pytest")
    add("bench", bench, "run all benchmarks; what follows is handed to them")
    add("audit", script, "look for known faults, licences and loose pins of packages")
    add("sbom", script, "list all that Lookalike is made of, as CycloneDX JSON")
    add("install", lambda _: install(), "make the virtual environment")
    option = add("lock", lock, "make both lock files anew")
    option("--upgrade", action="store_true", help="take the newest versions that fit")
    add("clean", clean, "remove the virtual environments, the demo and the caches")
    return parser


def find_python() -> list[str]:
    """The command of a Python on this machine that suits. Raises TaskError where there is none."""
    for python in _candidates():
        asked = _output([*python, "-c", "import sys; print(sys.version_info[:2])"])
        if asked in {str(version) for version in PYTHONS}:
            name = " ".join(python)
            print(f"tasks: {_own_version()} does not suit; using {name}.", file=sys.stderr)
            return python
    raise TaskError(
        f"{_own_version()} does not suit: install Python 3.11, 3.12 or 3.13, "
        "or name one with `make PYTHON=python3.12 ...`."
    )


def _candidates() -> Iterator[list[str]]:
    for major, minor in reversed(PYTHONS):
        yield ["py", f"-{major}.{minor}"] if WINDOWS else [f"python{major}.{minor}"]
    yield from (["python3"], ["python"])


def _own_version() -> str:
    return f"Python {platform.python_version()}"


def _again_with(python: Sequence[str], given: Sequence[str]) -> int:
    """Run this file under another Python: one that is replaced could not wait on Windows."""
    return subprocess.call([*python, str(ROOT / "tasks.py"), *given])


def install(venv: Path = VENV, lock: Path = LOCK) -> None:
    """Make a virtual environment as its lock file says; done once, until the lock changes.

    Raises:
        TaskError: this Python cannot make virtual environments.
        subprocess.CalledProcessError: the packages cannot be installed.
    """
    stamp, python = venv / "lookalike.stamp", venv_python(venv)
    wanted = fingerprint(lock)
    if stamp.is_file() and stamp.read_text("utf-8") == wanted and _runs(python):
        return
    if not _runs(python):
        make_environment(venv, sys.executable)
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    with _step(f"Installing the packages of {lock.name} (once, some {_MEGABYTES[lock.name]} MB)"):
        run(*pip, "--require-hashes", "--requirement", str(lock))
        run(*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(wanted, "utf-8")


def fingerprint(lock: Path = LOCK) -> str:
    """What an environment must have been made from: its lock file, the project's own settings."""
    content = lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(content).hexdigest()


def make_environment(folder: Path, python: str) -> None:
    """An empty virtual environment with pip. Raises TaskError where this Python cannot."""
    if _output([python, "-c", "import ensurepip, venv; print('both')"]) != "both":
        raise TaskError(
            f"{python} has no venv and ensurepip to make virtual environments with: install them "
            "(on Debian and Ubuntu `apt-get install python3-venv`) and try again."
        )
    check_ours(folder)
    with _step("Making the virtual environment"):
        run(python, "-m", "venv", "--clear", str(folder))


def check_ours(folder: Path) -> None:
    """See that a folder may be emptied: it is a virtual environment, or holds nothing. Raises."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file():
        raise TaskError(
            f"VENV={folder} is a folder of something else: name a new folder, or one that holds a "
            "virtual environment."
        )


def venv_python(venv: Path = VENV) -> Path:
    """An environment's Python, whether it is there or not."""
    return venv / ("Scripts/python.exe" if WINDOWS else "bin/python")


def demo(options: argparse.Namespace) -> None:
    """Index sample photographs, or a folder of the user's, and serve the page over them.

    Raises:
        TaskError: the folder given is none.
    """
    images = own_pictures(options.images) if options.images else None
    install()
    python = str(venv_python())
    if images is None:
        images = DEMO / "pictures"
        run(python, str(ROOT / "scripts" / "gather_samples.py"), str(images))
    library = library_for(images)
    command = [python, "-m", "lookalike"]
    run(*command, "index", str(images), "--library", str(library))
    run(*command, "serve", "--library", str(library), "--port", str(options.port))


def own_pictures(folder: str) -> Path:
    """The folder as a whole path. Raises TaskError where it is no folder."""
    images = Path(folder).expanduser().resolve()
    if not images.is_dir():
        raise TaskError(
            f"IMAGES={folder} is not a folder: give the folder that holds the pictures."
        )
    return images


def library_for(images: Path) -> Path:
    """Where the demo keeps the library of a folder: one for each, inside the checkout."""
    if images == DEMO / "pictures":
        return DEMO / "library"
    name = re.sub(r"[^A-Za-z0-9]+", "-", images.name).strip("-")
    return DEMO / f"library-{name}-{hashlib.sha256(os.fsencode(images)).hexdigest()[:8]}"


def test(options: argparse.Namespace) -> None:
    """Lint, types, packages, then the tests, whose closing line is the last one printed.

    Every step runs, so that one run shows all there is to mend.

    Raises:
        TaskError: the steps that failed.
    """
    install()
    provide_browser()
    # as Python is unless it is told: else each command that a test runs compiles all of Lookalike
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    chosen = options.rest or shlex.split(os.environ.get("TESTS") or "")
    python = [str(venv_python()), "-m"]
    failed = [
        step
        for step, command in (
            ("ruff check", [*python, "ruff", "check", "."]),
            ("ruff format", [*python, "ruff", "format", "--check", "."]),
            ("mypy", [*python, "mypy"]),
            ("audit", [str(venv_python()), "scripts/audit.py"]),
            ("pytest", [*python, "pytest", *(chosen or _all_tests())]),
        )
        if not _passes(step, command)
    ]
    if failed:
        raise TaskError(f"{', '.join(failed)} failed: see above.")


def _all_tests() -> list[str]:
    """What runs every test: two processes more than there are cores, since tests often wait. Those
    of a file share what they stand on; the files that take longest are the first in order."""
    return [f"-n{min(6, (os.cpu_count() or 1) + 2)}", "--dist=loadfile", "--no-loadscope-reorder"]


def _passes(step: str, command: list[str]) -> bool:
    print(f"-- {step}", flush=True)
    started = time.monotonic()
    passed = subprocess.call(command, cwd=ROOT) == 0
    if step != "pytest":
        print(f"   {time.monotonic() - started:.1f} s", flush=True)
    return passed


def browser() -> tuple[str, str] | None:
    """The Chromium (or Chrome) and the driver for it on this machine, or None."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None) or next(
        filter(os.path.exists, MAC_BROWSERS if sys.platform == "darwin" else _windows_browsers()),
        None,
    )
    driver = next(filter(None, map(shutil.which, DRIVERS)), None)
    return (found, driver) if found and driver else None


def _windows_browsers() -> list[str]:
    folders = (os.environ.get("PROGRAMFILES"), os.environ.get("PROGRAMFILES(X86)"))
    return [rf"{folder}\Google\Chrome\Application\chrome.exe" for folder in folders if folder]


def provide_browser() -> None:
    """See to a Chromium for the browser tests, or say that they will be skipped."""
    if browser():
        return
    before = root_command()
    if before is not None and has_chromium_packages(_os_release()):
        with _step("Installing Chromium and its driver from the distribution's packages"):
            for command in chromium_commands(before):
                if subprocess.call(command, stdout=subprocess.DEVNULL) != 0:
                    break
    if not browser():
        print(
            "tasks: no Chromium with its driver here, so the browser tests will be skipped "
            "(both `chromium` and `chromedriver` are looked for on the PATH).",
            file=sys.stderr,
        )


def root_command() -> list[str] | None:
    """What makes a command run as root without a question: nothing, sudo, or None if nothing."""
    if sys.platform == "win32" or not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and _output([*sudo, "echo", "yes"]) == "yes" else None


def has_chromium_packages(os_release: str) -> bool:
    """Whether the distribution is of Debian's family; Ubuntu's package is only a door to a snap."""
    ids = set(" ".join(re.findall(r'(?m)^ID(?:_LIKE)?="?([^"\n]*)', os_release)).split())
    return "debian" in ids and "ubuntu" not in ids


def chromium_commands(before: Sequence[str]) -> list[list[str]]:
    """The commands that install Chromium and its driver, run in order."""
    apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    packages = ["chromium", "chromium-driver", "strace"]  # the last for the tests of power cuts
    return [[*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", *packages]]


def _os_release() -> str:
    file = Path("/etc/os-release")
    return file.read_text("utf-8") if file.is_file() else ""


def bench(options: argparse.Namespace) -> None:
    """Run all benchmarks; the figures go to benchmarks/latest.json."""
    install(BENCH_VENV, BENCH_LOCK)
    run(str(venv_python(BENCH_VENV)), "-m", "benchmarks", *options.rest)


def script(options: argparse.Namespace) -> None:
    """Run the script of a task in the virtual environment; what follows is handed to it."""
    install()
    name = "write_sbom.py" if options.name == "sbom" else f"{options.name}.py"
    run(str(venv_python()), str(ROOT / "scripts" / name), *options.rest)


def lock(options: argparse.Namespace) -> None:
    """Write both lock files: every package for every platform, with its hashes."""
    file = str(ROOT / "scripts" / "write_locks.py")
    run(sys.executable, file, *(["--upgrade"] if options.upgrade else []))


def clean(_options: argparse.Namespace) -> None:
    """Remove what the tasks made. The user's own pictures are never inside any of it."""
    for folder in (VENV, BENCH_VENV):
        check_ours(folder)
    for name in (".mypy_cache", ".pytest_cache", ".ruff_cache", "build", "dist"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in (VENV, BENCH_VENV, DEMO):
        shutil.rmtree(folder, ignore_errors=True)


def run(*command: str) -> None:
    """Run a command in the project's folder, and let it finish tidily when Ctrl-C ends it.

    Raises:
        subprocess.CalledProcessError: it did not end with 0.
    """
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise
    if status:
        raise subprocess.CalledProcessError(status, command)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The terminal told the command, too; one that was not told is asked after some seconds."""
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.terminate()


def _runs(python: Path) -> bool:
    return python.is_file() and _output([str(python), "-c", "import pip; print('yes')"]) == "yes"


def _output(command: list[str]) -> str | None:
    """What a command prints, or None where it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


class _step:  # noqa: N801 - read as a word in a with statement
    """Says what begins, and how long it took."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> None:
        print(f"-- {self.text}", flush=True)
        self.started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        print(f"   {time.monotonic() - self.started:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
