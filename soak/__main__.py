"""Soak the trader in faults until so many orders are made, and judge every episode.

    python -m soak [--orders 100000] [--out FILE] [--jobs N] [--for SECONDS]
    python -m soak --seed 17 --keep FOLDER     one episode again, kept in a folder

With `--out` it goes on where the file stopped, if the code is the same. An episode that is
wrong is said with the command that plays it again, and makes the exit code 1.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from soak.episode import Ended, run_episode
from soak.evidence import Evidence, begin, resume, write
from soak.plan import MARKET_S, draw_plan
from soak.verdict import verdict

ORDERS = 100_000
FIRST_SEED = 1
BAD_USAGE = 2


class Judged:
    """An episode and what was found; the journal's folder is gone unless it is kept."""

    def __init__(self, ended: Ended, found: dict[str, list[str]]) -> None:
        self.ended = ended
        self.found = found


def main(arguments: list[str]) -> int:
    """Soak; gives the exit code."""
    options = parser().parse_args(arguments)
    if options.out is not None and not options.out.absolute().parent.is_dir():
        sys.stderr.write(f"soak: {options.out} cannot be written; name a file in a folder\n")
        return BAD_USAGE
    if options.keep is not None and options.keep.exists():
        sys.stderr.write(f"soak: {options.keep} is there already; name a new folder\n")
        return BAD_USAGE
    if options.keep is not None:
        return play_again(options)
    fresh = begin(seed=options.seed, market_s=options.market)
    evidence = (options.out and resume(options.out, fresh)) or fresh
    if evidence is not fresh:
        print(f"going on after {evidence.orders_count:,} orders")
    ends_at = time.monotonic() + options.seconds if options.seconds else float("inf")
    for judged in episodes(evidence, options, ends_at=ends_at):
        seed = judged.ended.plan.seed
        evidence.add(judged.ended, judged.found, replay=_replay(seed, options.market))
        if options.out is not None:
            write(options.out, evidence)
        show(evidence, judged, target=options.orders)
    print(summary(evidence))
    return 1 if evidence.failures else 0


def parser() -> argparse.ArgumentParser:
    """Declare the options."""
    made = argparse.ArgumentParser(prog="python -m soak", description="Soak it in faults.")
    add = made.add_argument
    add("--orders", type=int, default=ORDERS, help="how many orders in all")
    add("--for", dest="seconds", type=float, default=0, help="real seconds at most")
    add("--out", type=Path, help="the evidence; it is gone on with when the code is the same")
    add("--jobs", type=int, default=2, help="episodes at a time")
    add("--seed", type=int, default=FIRST_SEED, help="of the first episode")
    add("--market", type=int, default=MARKET_S, help="market seconds of an episode")
    add("--keep", type=Path, help="play one episode and keep its files in this folder")
    return made


def play_again(options: argparse.Namespace) -> int:
    """Play one episode and say what is wrong with it."""
    options.keep.mkdir(parents=True)
    plan = draw_plan(options.seed, market_s=options.market)
    print(f"{plan.product}, speed {plan.speed or 'max'}, {plan.profile}, kills {plan.kills_s}")
    for fault in plan.faults:
        print(f"  {fault}")
    ended = run_episode(plan, options.keep.absolute())
    found = verdict(ended)
    for name, said in found.items():
        for line in said:
            print(f"{name}: {line}")
    print(f"struck {ended.struck}; {'wrong' if found else 'right'}")
    return 1 if found else 0


def episodes(
    evidence: Evidence, options: argparse.Namespace, *, ends_at: float
) -> Iterator[Judged]:
    """Give judged episodes in the order of their seeds until there are enough orders."""

    def is_enough() -> bool:
        return evidence.orders_count >= options.orders or time.monotonic() >= ends_at

    with ThreadPoolExecutor(options.jobs) as pool:
        running: dict[int, Future[Judged]] = {}
        ahead = evidence.next_seed
        while running or not is_enough():
            while len(running) < options.jobs and not is_enough():
                running[ahead] = pool.submit(judge_seed, ahead, options.market)
                ahead += 1
            wait(running.values(), return_when=FIRST_COMPLETED)
            while evidence.next_seed in running and running[evidence.next_seed].done():
                judged = running.pop(evidence.next_seed).result()
                evidence.next_seed += 1
                yield judged


def judge_seed(seed: int, market_s: int) -> Judged:
    """Play an episode in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-soak-"))
    try:
        ended = run_episode(draw_plan(seed, market_s=market_s), folder)
        return Judged(ended, verdict(ended))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show(evidence: Evidence, judged: Judged, *, target: int) -> None:
    """Print a line of progress, and what was wrong."""
    plan, kinds = judged.ended.plan, len(evidence.struck)
    print(
        f"{evidence.orders_count:,} of {target:,} orders, {evidence.episodes} episodes, "
        f"{kinds} fault classes, {len(evidence.failures)} wrong "
        f"(seed {plan.seed}, {plan.product}, {judged.ended.took_s:.1f} s)",
        flush=True,
    )
    if judged.found:
        for name, said in judged.found.items():
            for line in said:
                print(f"  {name}: {line}")
        print(f"  {evidence.failures[-1].replay}", flush=True)


def summary(evidence: Evidence) -> str:
    """Say in one line what was done."""
    by_product = ", ".join(f"{n:,} {name}" for name, n in sorted(evidence.orders.items()))
    return (
        f"{evidence.orders_count:,} orders ({by_product}), {evidence.fills:,} fills, "
        f"{evidence.kills} kills, {evidence.episodes} episodes, {len(evidence.struck)} fault "
        f"classes struck {sum(evidence.struck.values()):,} times, "
        f"{len(evidence.failures)} wrong"
    )


def _replay(seed: int, market_s: int) -> str:
    return f"python -m soak --seed {seed} --market {market_s} --keep FOLDER"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
