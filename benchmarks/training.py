"""How long a training step takes, as ratios of what it cannot be shorter than.

    python benchmarks/training.py [--group S5] [--rounds 15] [--stacks] [--json FILE]
    python benchmarks/training.py --device cuda:0

All contenders are timed in one run, in turn, on one thread: the floor (the three matrix products
of a step, bare), the kernel, a whole training step with it, plain autograd on folded tables, and
the published way (an embedding row for each pair). With --minibatch also S6 with 16,384 pairs a
step, and the peak memory of a full-batch S6 step, each in a process of its own. With --device instead
populations of S5 and one network of S7 as a GPU trains them, by the wall clock.

Times are processor time; the least of all rounds counts, because other work on the machine only
adds. Expect the second digit to move between runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from rhoset.groups import group
from rhoset.training import GroupNetwork, PairCrossEntropy, PairLoss, TrainConfig, Trainer, preset
from rhoset.training.environment import environment
from rhoset.training.instances import InstanceTrainer, device_named
from rhoset.training.stacks.layout import stack_size
from rhoset.training.stacks.trainer import StackTrainer


def contenders(name: str, width: int) -> dict[str, Callable[[], object]]:
    """The steps to time, by name."""
    table = group(name).table
    n, m = len(table), width
    config = preset("wu2024-all-pairs").replace(width=m)
    labels = torch.from_numpy(table.reshape(-1).copy()).long()
    hidden, logits = torch.randn(n * n, m), torch.randn(n * n, n)
    back, weight, d_weight = torch.empty(n * n, m), torch.randn(m, n), torch.empty(m, n)

    def floor() -> None:
        torch.mm(hidden, weight, out=logits)
        torch.mm(logits, weight.T, out=back)
        torch.mm(hidden.T, logits, out=d_weight)

    trainer = Trainer(table, config, seed=0)
    for _ in range(20):  # weights as they are in training, not at the start
        trainer.advance()
    tables = [t.detach() for t in trainer.module.fold()]
    work = PairLoss(table, m)

    def kernel() -> None:
        work.gradients(*tables, work.every_pair)

    folded = [t.clone().requires_grad_(True) for t in tables]
    folded_adam = torch.optim.Adam(folded, lr=1e-3, fused=True)

    def autograd() -> None:
        left, right, unembed, bias = folded
        folded_adam.zero_grad()
        pre = (left.unsqueeze(1) + right.unsqueeze(0)).reshape(n * n, m)
        loss = torch.nn.functional.cross_entropy(torch.relu(pre) @ unembed + bias, labels)
        loss.backward()
        folded_adam.step()

    published_net = GroupNetwork(n, config, seed=0)
    published_adam = torch.optim.Adam(published_net.parameters(), lr=1e-3, fused=True)
    x = torch.arange(n).repeat_interleave(n)
    y = torch.arange(n).repeat(n)

    def published() -> None:
        p = dict(published_net.named_parameters())
        published_adam.zero_grad()
        left = torch.nn.functional.embedding(x, p["embed_left"])
        right = torch.nn.functional.embedding(y, p["embed_right"])
        both = torch.cat([left, right], 1)
        maps = torch.cat([p["hidden_left"], p["hidden_right"]])
        out = torch.relu(both @ maps) @ p["unembed"] + p["unembed_bias"]
        torch.nn.functional.cross_entropy(out, labels).backward()
        published_adam.step()

    check(published_net, work)
    return {
        "floor": floor,
        "kernel": kernel,
        "step": trainer.advance,
        "autograd on folded tables": autograd,
        "published: a row for each pair": published,
    }


def check(network: GroupNetwork, work: PairLoss) -> None:
    """The kernel computes what it is compared with."""
    ours = PairCrossEntropy.apply(*network.fold(), work, work.every_pair)
    left, right, unembed, bias = network.fold()
    pre = (left.unsqueeze(1) + right.unsqueeze(0)).reshape(-1, work.m)
    labels = torch.from_numpy(work.table.reshape(-1).copy()).long()
    theirs = torch.nn.functional.cross_entropy(torch.relu(pre) @ unembed + bias, labels)
    torch.testing.assert_close(ours, theirs)


def least_times(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Least processor seconds of each, taken in turn."""
    found = dict.fromkeys(steps, float("inf"))
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            started = time.process_time()
            step()
            found[name] = min(found[name], time.process_time() - started)
    return found


def large(batch: int, steps: int) -> dict[str, float]:
    """S6 with width 512: seconds a step (least and mean) and peak memory of this process."""
    config = preset("wu2024-all-pairs").replace(width=512, batch=batch)
    trainer = Trainer(group("S6").table, config, seed=0)
    seconds = []
    for _ in range(steps):
        started = time.process_time()
        trainer.advance()
        seconds.append(time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"seconds": min(seconds), "mean_seconds": sum(seconds) / steps, "peak_gb": peak}


SMALL = ("C5", "S3", "D5", "Q8", "A4")
"""Groups whose networks are trained in stacks."""


def stacks(count: int, width: int, precision: str, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds a step of `count` networks in stacks as `train_stack` cuts them (one after the other, each in the cache),
    of one alone in a stack's arithmetic, and of one with the kernel of large shapes, in turn; and what 20,000 steps of
    all of them take in stacks."""
    found = {}
    for name in SMALL:
        table = group(name).table
        config = TrainConfig(
            architecture="folded", width=width, unembed_bias=False, learning_rate=1e-3, betas=(0.9, 0.999),
            weight_decay=2e-4, precision=precision,
        )  # fmt: skip
        with threadpool_limits(1, user_api="blas"):
            size = stack_size(len(table), config)
            parts = [range(first, min(first + size, count)) for first in range(0, count, size)]
            together = [StackTrainer(table, [config] * len(part), part) for part in parts]
            alone = StackTrainer(table, [config], [0])
            kernel = Trainer(table, config, 0)
            seconds = least_times(
                {
                    "stack": _several(*(one.advance for one in together)),
                    "alone": _several(alone.advance),
                    "kernel": _several(kernel.advance),
                },
                rounds,
            )
        seconds = {name: value / 20 for name, value in seconds.items()}
        found[name] = {**seconds, "20,000 steps of all": 20_000 * seconds["stack"], "stacks": len(parts)}
    return found


def _several(*steps: Callable[[], object]) -> Callable[[], None]:
    """Twenty of each, one after the other."""

    def run() -> None:
        for step in steps:
            for _ in range(20):
                step()

    return run


def sampled(steps: int) -> float:
    """S6, width 256: least seconds of a step of 4,096 pairs with a softmax over 64 sampled outputs."""
    config = preset("wu2024").replace(width=256, batch=4096, sampled_outputs=64)
    trainer = Trainer(group("S6").table, config, seed=0)
    return least_times({"step": trainer.advance}, steps)["step"]


def on_device(name: str, steps: int) -> None:
    """Milliseconds of a step of populations trained together on a device, drawing of the pairs included."""
    device = device_named(name)
    drawn, every = preset("wu2024-replacement"), preset("wu2024-all-pairs")
    s7 = every.replace(width=256, embed_dim=64, unembed_bias=False, replacement=True, batch=16_384)
    cases = [("S5", drawn, 25), ("S5", drawn, 100), ("S5", every, 100), ("S7", s7, 1)]
    said = environment(1, name)
    print(f"{said.get('accelerator', said['processor'])}, torch {said['torch']}")
    for symbol, config, count in cases:
        trainer = InstanceTrainer(group(symbol).table, config, range(count), device)
        for _ in range(5):
            trainer.advance().cpu()
        started = time.perf_counter()
        for _ in range(steps):
            losses = trainer.advance()
        losses.cpu()
        took = 1e3 * (time.perf_counter() - started) / steps
        print(f"{symbol}, {config.preset}, batch {config.batch}, {count} networks: {took:.2f} ms a step")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--group", default="S5")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--minibatch", action="store_true", help="S6 too (half a minute)")
    parser.add_argument("--stacks", action="store_true", help="small groups too (a minute)")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--device", default=None, help="time populations on this device instead")
    parser.add_argument("--large", type=int, nargs=2, default=None, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.large is not None:
        print(json.dumps(large(*chosen.large)))
        return
    if chosen.device is not None:
        on_device(chosen.device, chosen.rounds)
        return
    found = least_times(contenders(chosen.group, chosen.width), chosen.rounds)
    n = group(chosen.group).order
    rate = 6 * n**3 * chosen.width / found["floor"] / 1e9
    said = environment(1)
    print(f"{chosen.group}, width {chosen.width}, {said['processor']}, torch {said['torch']}")
    print(f"floor: {rate:.0f} GFLOP/s on one thread")
    for name, seconds in found.items():
        print(f"{name:32s} {1e3 * seconds:8.2f} ms   {seconds / found['floor']:6.2f} × floor")
    report = {
        "environment": said,
        "group": chosen.group,
        "width": chosen.width,
        "milliseconds": {name: 1e3 * seconds for name, seconds in found.items()},
        "ratio_to_floor": {name: seconds / found["floor"] for name, seconds in found.items()},
        "throughput_over_published": found["published: a row for each pair"] / found["step"],
    }
    if chosen.minibatch:
        for name, arguments in (("S6 minibatch", (16384, 6)), ("S6 full batch", (0, 1))):
            command = [sys.executable, __file__, "--large", *map(str, arguments)]
            ran = subprocess.run(command, check=True, capture_output=True, text=True)
            report[name] = json.loads(ran.stdout)
            print(f"{name}: {report[name]['seconds']:.2f} s a step, {report[name]['peak_gb']:.2f} GB")
    if chosen.stacks:
        for precision in ("float32", "float64"):
            report[f"stacks {precision}"] = stacks(100, 8, precision, chosen.rounds)
            for name, row in report[f"stacks {precision}"].items():
                together, alone, kernel, all_of, parts = row.values()
                print(
                    f"{name}, width 8, {precision}: 100 networks in {parts} {1e3 * together:.3f} ms a step, one alone "
                    f"{1e3 * alone:.3f} ms, by the kernel {1e3 * kernel:.3f} ms; stack over 100 alone "
                    f"{together / alone / 100:.3f}, over 100 kernels {together / kernel / 100:.4f}; 20,000 steps "
                    f"of 100: {all_of:.1f} s"
                )
        report["S6 sampled"] = sampled(10)
        print(f"S6, 4,096 pairs × 64 outputs: {1e3 * report['S6 sampled']:.1f} ms a step")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
