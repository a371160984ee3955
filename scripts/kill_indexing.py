"""Seed, number → so many commands killed, or cut off from power, at random moments; what was left.

``python -m scripts.kill_indexing`` kills, ``--power`` cuts. It ends with status 1, the seed and the
number at the first library that is not whole.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.forks import Forks
from tests.power import Recording, record
from tests.trials import TRIALS, Judge, Place, make_models

Disturbance = Callable[[Judge, random.Random], str]


def kill(judge: Judge, chance: random.Random, forks: Forks) -> tuple[float, str]:
    """Kill the command once; tells when, as a fraction of its time, and how far it had come."""
    judge.begin()
    after, delay, part = judge.moment(chance)
    out = judge.place.out
    forks.run(judge.trial.command(judge.place), out, (after, delay))
    told = out.read_text("utf-8") if out.exists() else ""
    return part, judge.judge(told if "--json" in judge.said else "")


def cut(judge: Judge, recording: Recording, chance: random.Random) -> tuple[float, str]:
    """Cut the power once; tells when, as a fraction of what was recorded, and how far it was."""
    judge.begin()
    moment = chance.randint(0, len(recording))
    files, told = recording.cut(moment, chance)
    judge.lay(files, chance)
    return moment / len(recording), judge.judge(told if "--json" in judge.said else "")


def trials(number: int, names: list[str]) -> Iterator[tuple[str, int]]:
    """The trials by name, each with how often it is made."""
    chosen = names or [trial.name for trial in TRIALS]
    for at, name in enumerate(chosen):
        yield name, number // len(chosen) + (at < number % len(chosen))


def make(number: int, seed: int, names: list[str], *, power: bool) -> None:
    """Make trials, and print what came of them."""
    moments = []
    with tempfile.TemporaryDirectory() as folder, Forks() as forks:
        place = Place(Path(folder).resolve())
        make_models(place)
        for name, times in trials(number, names):
            stages, began = collections.Counter[str](), time.monotonic()
            for moment, stage in disturbed(name, times, seed, (place, forks), power=power):
                moments.append(moment)
                stages[stage] += 1
            print(f"{name}: {times} in {time.monotonic() - began:.0f} s")
            for stage, count in stages.most_common():
                print(f"    {count:3} {stage}")
    print(f"All {number} left a library that was whole and could be finished (seed {seed}).")
    _show(moments)


def disturbed(
    name: str, times: int, seed: int, where: tuple[Place, Forks], *, power: bool
) -> Iterator[tuple[float, str]]:
    """One command disturbed so often; tells when, and how far it had come."""
    place, forks = where
    trial = next(one for one in TRIALS if one.name == name)
    judge = Judge(trial, place, forks)
    recording = None
    if power:
        judge.begin()
        recording = record(trial.command(place), place.library, place.out)
    for at in range(times):
        chance = random.Random(f"{seed} {name} {at}")
        try:
            yield cut(judge, recording, chance) if recording else kill(judge, chance, forks)
        except Exception:
            print(f"{name}, number {at} with seed {seed}: not whole", file=sys.stderr)
            raise


def _show(moments: list[float]) -> None:
    tenths = collections.Counter(min(9, int(10 * moment)) for moment in moments)
    print("moments by tenths of the run:", *(tenths[at] for at in range(10)))


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--power", action="store_true", help="cut the power instead of killing")
    parser.add_argument("--trial", action="append", default=[], choices=[t.name for t in TRIALS])
    arguments = parser.parse_args()
    make(arguments.number, arguments.seed, arguments.trial, power=arguments.power)


if __name__ == "__main__":
    main()
