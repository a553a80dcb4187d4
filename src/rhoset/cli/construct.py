"""`rhoset construct`: an ideal network from ρ-sets."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE, SEED, Number
from rhoset.summaries import percentage

MOST_NOISE = 1e6
"""Most noise relative to the weights' size; far beyond what leaves anything of the network."""

MOST_MARGIN = 1e30
"""Largest margin; the logits of larger ones leave float32."""

EVALUATION_OPERATIONS = 2e10
"""Multiply-adds spent on accuracy and margin (a few seconds); above order 500 or so they are those
of a sample of pairs, and ``pairs`` says of how many."""


@make_command(example='rhoset construct S5 --irrep "[4,1]" --irrep sign --out ideal.safetensors')
@click.argument("group", metavar="GROUP")
@click.option(
    "--irrep",
    "irreps",
    metavar="PLAN",
    multiple=True,
    required=True,
    help="NAME, or NAME:KEY=VALUE,… with keys size, directions, split, rows, columns, "
    "strength, paired; once for each circuit.",
)
@click.option(
    "--noise",
    type=Number(0, MOST_NOISE),
    default=0.0,
    show_default=True,
    help="Noise on the weights, relative to their size.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of everything drawn.")
@click.option(
    "--margin",
    type=Number(0, MOST_MARGIN, open_low=True),
    default=10.0,
    show_default=True,
    help="Margin of the network without noise, in nats.",
)
@click.option("--width", type=click.IntRange(1), metavar="M", help="Neurons; those not needed are dead.")
@click.option("--activation", default="relu", show_default=True, metavar="NAME", help="Activation of the network.")
@click.option("--plain", is_flag=True, help="Leave the neurons in order and at equal scale.")
@click.option("--out", "target", metavar="NET", required=True, type=FILE, help="The network file to write.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(
    out: Output,
    group: str,
    irreps: tuple[str, ...],
    noise: float,
    seed: int,
    margin: float,
    width: int | None,
    activation: str,
    plain: bool,
    target: Path,
    force: bool,
) -> Payload:
    """Write an ideal network made of ρ-set circuits, with noise if wished.

    Each PLAN is one circuit on the smallest ρ-set of an irrep (see `groups show`), or `natural` for
    the group's own permutations, or `sign`. Neurons are shuffled and rescaled, so that nothing but
    the weights gives the structure away.
    """
    from rhoset.networks import evaluate, write_network
    from rhoset.networks.atomic import require_new
    from rhoset.networks.constructing import construct

    require_new(target, force)
    planted = construct(
        group,
        irreps,
        noise=noise,
        seed=seed,
        margin=margin,
        width=width,
        activation=activation,
        rescale=1.0 if plain else 4.0,
        shuffle=not plain,
    )
    measured = evaluate(planted.network, operations=EVALUATION_OPERATIONS)
    write_network(target, planted.network)
    out.table(
        ["circuit", "ρ-sets", "neurons"],
        [
            [plan.irrep, "{}×{}".format(*c.shape), len(c.neurons)]
            for plan, c in zip(planted.plans, planted.circuits, strict=True)
        ],
    )
    accuracy = percentage(measured.accuracy, 2)
    out.say(f"{target}: width {planted.network.width}, accuracy {accuracy}, margin {measured.margin:.3g} nats")
    return {
        "network": str(target),
        "group": group,
        "width": planted.network.width,
        "accuracy": measured.accuracy,
        "loss": measured.loss,
        "margin": measured.margin,
        "pairs": measured.pairs,
        "ideal_margin": planted.margin,
        "circuits": [
            {
                "irrep": plan.irrep,
                "left_size": c.left_set.size,
                "right_size": c.right_set.size,
                "neurons": len(c.neurons),
            }
            for plan, c in zip(planted.plans, planted.circuits, strict=True)
        ],
        "digest": planted.network.digest,
    }
