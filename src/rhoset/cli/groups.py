"""`rhoset groups`: the families of groups, and one group's classes, irreps and subgroups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rhoset.cli._command import CommandGroup, version_option
from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.summaries import counted

if TYPE_CHECKING:
    from rhoset.groups import Group

ROWS = 40
"""Most classes, irreps or subgroups printed for a human; ``--json`` has all."""


@click.group(
    cls=CommandGroup,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example:  rhoset groups show S5",
)
@version_option
def command() -> None:
    """Families of groups, and what a group's representations are."""


@make_command(example="rhoset groups list", name="list", parent=command)
def list_(out: Output) -> Payload:
    """The families of groups that a GROUP argument can name."""
    from rhoset.groups import known_names

    families = [vars(family) for family in known_names()]
    out.table(["GROUP", "meaning", "example"], [list(family.values()) for family in families])
    return {"families": families}


@make_command(example="rhoset groups show S5", parent=command)
@click.argument("name", metavar="GROUP")
def show(out: Output, name: str) -> Payload:
    """Order, conjugacy classes, real irreps and subgroup classes of GROUP."""
    from rhoset.groups import group, irrep_data, minimal_rho_set_sizes

    chosen = group(name)
    found = [part for _, part in irrep_data(chosen)]
    subgroups = _subgroups(out, chosen)
    sizes = minimal_rho_set_sizes(chosen, found) if subgroups is not None else {}
    classes = chosen.classes
    out.say(f"{chosen.name}: order {chosen.order}, {'' if chosen.is_abelian else 'not '}abelian")
    if chosen.convention:
        out.say(f"Elements: {chosen.convention}.")
    out.say(f"\n{counted(len(classes), 'conjugacy class', 'conjugacy classes')}")
    out.table(
        ["element", "order", "size"],
        [
            [chosen.element_name(int(x)), int(chosen.element_orders[x]), int(size)]
            for x, size in zip(classes.representatives, classes.sizes, strict=True)
        ],
        limit=ROWS,
    )
    out.say(f"\n{counted(len(found), 'real irrep')}")
    out.table(
        ["irrep", "dim", "type", "rank", "minimal ρ-set"],
        [[i.label, i.dim, i.type, i.rank, sizes.get(i.name)] for i in found],
        limit=ROWS,
    )
    if subgroups is not None:
        out.say(f"\n{counted(len(subgroups), 'class', 'classes')} of subgroups")
        out.table(
            ["order", "index", "generators"],
            [
                [s.order, s.index, ", ".join(map(chosen.element_name, s.generators or (chosen.identity,)))]
                for s in subgroups[:ROWS]
            ],
        )
        if len(subgroups) > ROWS:
            out.say(f"… {len(subgroups) - ROWS} more")
    return {
        "name": chosen.name,
        "order": chosen.order,
        "abelian": chosen.is_abelian,
        "classes": len(classes),
        "irreps": [
            {
                "name": i.name,
                "label": i.label,
                "dim": i.dim,
                "type": i.type,
                "rank": i.rank,
                "minimal_rho_set": sizes.get(i.name),
            }
            for i in found
        ],
        "subgroup_classes": None if subgroups is None else len(subgroups),
        "class_representatives": [chosen.element_name(int(x)) for x in classes.representatives],
        "class_sizes": classes.sizes,
        "generators": list(chosen.generators),
        "convention": chosen.convention,
        "digest": chosen.digest,
    }


def _subgroups(out: Output, group: Group) -> tuple[Any, ...] | None:
    """The classes of subgroups; None, with a remark, when the group is too large to search."""
    from rhoset.errors import RhosetError
    from rhoset.groups import subgroup_classes

    try:
        return subgroup_classes(group)
    except RhosetError as error:
        if error.slug not in ("group-too-large", "too-many-subgroups"):
            raise
        out.note(f"subgroups and minimal ρ-sets are left out: {error}")
        return None
