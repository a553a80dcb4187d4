"""What a bit-identical retraining depends on beside the settings: processor, versions, threads."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

import numpy as np
import torch


def environment(threads: int, device: str = "cpu") -> dict[str, str | int]:
    """This machine and this software, as the manifest records it.

    Parameters
    ----------
    threads
        Processor threads a network trains with.
    device
        ``cpu``, or a torch device such as ``cuda:0``.
    """
    try:
        version = importlib.metadata.version("rhoset")
    except importlib.metadata.PackageNotFoundError:  # pragma: no cover - run from a source tree
        version = "unknown"
    found: dict[str, str | int] = {
        "rhoset": version,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": str(np.__version__),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": threads,
        "device": device,
    }
    if device.startswith("cuda"):  # pragma: no cover - needs a GPU
        found["accelerator"] = torch.cuda.get_device_name(device)
    return found


def differences(then: dict[str, str | int], now: dict[str, str | int]) -> tuple[str, ...]:
    """In what two environments differ, one sentence each; the Python version alone does not
    matter."""
    keys = [key for key in {**then, **now} if key != "python"]
    return tuple(
        f"{key} was {then.get(key, 'not recorded')}, is {now.get(key, 'not recorded')} now"
        for key in keys
        if then.get(key) != now.get(key)
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.lower().startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
