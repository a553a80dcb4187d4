"""Training: settings, presets, the fused kernel, populations of networks, sweeps. Needs the extra
`rhoset[train]`.

Everything but `TrainConfig`, `preset` and the statistics needs PyTorch; it is imported when first
used.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from rhoset.errors import needing
from rhoset.pages import on_first_use as _on_first_use
from rhoset.training.config import TrainConfig as TrainConfig
from rhoset.training.presets import PRESETS as PRESETS
from rhoset.training.presets import Preset as Preset
from rhoset.training.presets import preset as preset
from rhoset.training.statistics import Survival as Survival
from rhoset.training.statistics import kaplan_meier as kaplan_meier
from rhoset.training.statistics import summarise as summarise

if TYPE_CHECKING:
    from rhoset.training.in_memory import Trained as Trained
    from rhoset.training.in_memory import train_network as train_network
    from rhoset.training.in_memory import train_stack as train_stack
    from rhoset.training.kernel import PairCrossEntropy as PairCrossEntropy
    from rhoset.training.kernel import PairLoss as PairLoss
    from rhoset.training.model import GroupNetwork as GroupNetwork
    from rhoset.training.population import Population as Population
    from rhoset.training.population import Progress as Progress
    from rhoset.training.population import retrain as retrain
    from rhoset.training.population import train_population as train_population
    from rhoset.training.sweep import Sweep as Sweep
    from rhoset.training.sweep import SweepProgress as SweepProgress
    from rhoset.training.sweep import read_sweep as read_sweep
    from rhoset.training.sweep import run_sweep as run_sweep
    from rhoset.training.trainer import Trainer as Trainer


def _with_torch(module: str) -> ModuleType:
    with needing("training", "train"):
        import torch as torch
    return import_module(module)


_NEEDS_TORCH = _on_first_use(globals(), __file__, _with_torch)
