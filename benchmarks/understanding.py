"""The tables of docs/understanding.md: every account of every network of a population, side by side.

python benchmarks/understanding.py measure OUT.jsonl NET...   # one JSON line a network, as it goes
python benchmarks/understanding.py laws OUT.jsonl NET...      # both laws, and what readings and pairs decide (slow)
python benchmarks/understanding.py way OUT.jsonl NET...       # the laws at every snapshot of the training (AdamW)
python benchmarks/understanding.py steps OUT.jsonl NET...     # 2,500 steps of AdamW more: means and sizes of gradients
python benchmarks/understanding.py populations OUT.jsonl      # of `laws`: one row a run, median and range; machines
python benchmarks/understanding.py divide OUT.jsonl NET...    # margins by irrep: together, and the worst of each
python benchmarks/understanding.py floor OUT.jsonl NET...     # what rules pairs and gaps must pay, what each takes
python benchmarks/understanding.py table OUT.jsonl            # least, median and most of each number, in Markdown
python benchmarks/understanding.py rows OUT.jsonl             # one row a network instead
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.counting import Facts
from rhoset.explaining import (
    analyse,
    compare,
    diagnose,
    division,
    equivariance,
    explain,
    minimality,
    reading_law,
    recipe,
    writing_law,
)
from rhoset.explaining.gradients import errors
from rhoset.explaining.spectrum import share_held
from rhoset.explaining.steps import snapshot_before
from rhoset.explaining.writing import WritingLaw, filtered, mean_by_product
from rhoset.groups import coefficients, energy
from rhoset.networks import Network, activation, evaluate, open_networks, read_network
from rhoset.networks.runs import open_run, run_of, steps_folder
from rhoset.prove.quick import CENTRED, Look, looks
from rhoset.prove.search import SAMPLE_PAIRS, Search
from rhoset.prove.subject import subject
from rhoset.training.environment import environment
from rhoset_check.settle import prepare, settle


def measure(network: Network) -> dict[str, Any]:
    """Accounts, equivariance, the laws at the network, minimality."""
    of = analyse(network)
    row: dict[str, Any] = {}
    for each in compare(of):
        row[f"{each.name}: explained"] = each.explained
        row[f"{each.name}: ideal accuracy"] = each.result.accuracy
    found = equivariance(network)
    row |= {f"equivariant: {name}": getattr(found, name) for name in ("left", "right", "both", "by_class")}
    row |= {f"unembed by {name}": value for name, value in of.writing_law.shares().items() if value == value}
    reading = reading_law(network)
    if reading is not None:
        row |= {f"reading: {name}": value for name, value in reading.shares().items()}
    parts = minimality(of.explanation)
    smallest = min(map(len, parts.sufficient), default=0)
    return row | {"parts": len(parts.parts), "parts that are enough": smallest, "minimal": float(parts.minimal)}


def laws(network: Network, path: Path) -> dict[str, Any]:
    """How it was trained; both laws at the network, and less what moved since the last snapshot; the convex problem
    solved; the accounts that stand beside the law."""
    of, steps = analyse(network), network.metadata.get("steps", "")
    saved = snapshot_before(path, int(steps)) if steps else None
    before = None if saved is None else read_network(saved)
    law = writing_law(network, decide=True, before=before)
    row: dict[str, Any] = {"seed": network.metadata.get("seed"), "steps": steps, "machine": machine(path)}
    row |= {"on": network.group.name, "accuracy": evaluate(network, np.float64).accuracy}
    if law.recipe is not None:
        row |= {name: getattr(law.recipe, name) for name in ("optimizer", "fraction", "architecture", "source")}
        if law.recipe.optimizer == "adamw":
            row["group, through the law"] = through_the_law(law)
    row |= {name: value for name, value in law.shares().items() if value == value}
    if law.decided is not None:
        row["distance to the minimum"] = law.decided.distance
    for name, earlier in (("reading", None), ("reading, moving", before)):
        found = reading_law(network, before=earlier) if earlier is not None or name == "reading" else None
        row |= {} if found is None else {f"{name}: {side}": value for side, value in found.shares().items()}
    pairs = ("training pairs",) if law.decided is not None else ()
    for each in (*compare(of), *compare(of, pairs)):
        row[f"by {each.name}"] = each.explained
        row[f"right by {each.name}"] = each.result.accuracy
    return row


def way(network: Network, path: Path) -> list[dict[str, Any]]:
    """Both laws at each snapshot, as they stand and less what moved since the one before it."""
    folder = steps_folder(path)
    saved = [(int(each.stem), read_network(each)) for each in sorted(folder.glob("*.safetensors"))]
    rows = []
    for (_, before), (step, now) in pairwise(saved):
        law = writing_law(now, before=before).shares()
        row = {"step": step, "law": law["law"], "less what moves": law["moving"]}
        for name, earlier in (("reading", None), ("reading, less what moves", before)):
            found = reading_law(now, before=earlier)
            row |= {} if found is None else {name: found.shares()["left"]}
        rows.append(row)
    return rows


def steps(network: Network) -> dict[str, Any]:
    """A network whose tables AdamW trained goes on, in float64: what the law says of the mean weights of the last
    `WINDOW` steps, from the mean gradient g alone, u = −g / (λ(|g| + ε)), and with its root mean square in place of
    |g|, as Adam has it."""
    trained = recipe(network)
    assert trained is not None
    assert trained.architecture == "folded"
    assert trained.optimizer == "adamw"
    assert network.activation == "relu"
    betas = json.loads(network.metadata["config"])["betas"]
    x, y = np.nonzero(trained.pairs)
    values = [np.array(table, float) for table in (network.left, network.right, network.unembed)]
    first, second, weights, means, squares = ([np.zeros_like(v) for v in values] for _ in range(5))
    for step in range(1, FURTHER + 1):
        left, right, unembed = values
        before = left[x] + right[y]
        hidden = np.maximum(before, 0)
        error = -errors(hidden @ unembed + network.bias, network.table[x, y]) / len(x)
        back = (error @ unembed.T) * (before > 0)
        slopes = [np.zeros_like(left), np.zeros_like(right), hidden.T @ error]
        np.add.at(slopes[0], x, back)
        np.add.at(slopes[1], y, back)
        for k, slope in enumerate(slopes):
            first[k] += (1 - betas[0]) * (slope - first[k])
            second[k] += (1 - betas[1]) * (slope**2 - second[k])
            size = np.sqrt(second[k] / (1 - betas[1] ** step)) + trained.epsilon
            values[k] -= trained.rate * (first[k] / (1 - betas[0] ** step) / size + trained.decay * values[k])
            if step > FURTHER - WINDOW:
                weights[k], means[k], squares[k] = weights[k] + values[k], means[k] + slope, squares[k] + slope**2
    row: dict[str, Any] = {}
    for k, name in enumerate(("left", "right", "unembed")):
        mean, root, kept = means[k] / WINDOW, np.sqrt(squares[k] / WINDOW), weights[k] / WINDOW
        for what, size in (("mean", np.abs(mean)), ("root mean square", root)):
            row[f"{name}, {what}"] = share_held(kept, -mean / (trained.decay * (size + trained.epsilon)))
    return row


FURTHER, WINDOW = 2_500, 1_000
"""Steps that `steps` goes on for, and the last ones that it looks at: 1/(ηλ)."""


def machine(path: Path) -> str:
    """What a network was trained on, by its run's manifest."""
    folder = run_of(path)
    said = {} if folder is None else open_run(folder).manifest.get("environment", {})
    return f"{said.get('accelerator') or said.get('processor')}, torch {said.get('torch')}" if said else ""


def through_the_law(law: WritingLaw) -> float:
    """Share of unembed where the group's part is that of A, u = A / (λ(|A| + ε)): AdamW's law is no linear one.

    As many free numbers as rule 4 has: one scalar an irrep.
    """
    network, trained = law.network, law.recipe
    assert trained is not None
    unembed, decay, epsilon = np.asarray(network.unembed, float), trained.decay, trained.epsilon
    ascent = epsilon * decay * unembed / (1 - np.minimum(decay * np.abs(unembed), 1 - 1e-6))
    rows = ascent.mean(axis=1, keepdims=True)
    means = mean_by_product(network.left, network.right, network)
    said = filtered(law.irreps, means, ascent - rows, law.live)[0] + rows
    said /= decay * (np.abs(said) + epsilon)
    missed = law.written - said + said.mean(axis=1, keepdims=True)
    return float(1 - (missed[law.live] ** 2).sum() / (law.written[law.live] ** 2).sum())


def divide(network: Network) -> dict[str, Any]:
    """What adding up the worst of each irrep leaves of the margin; for cyclic groups also what moments leave."""
    explanation = explain(network)
    found, budget = division(explanation), diagnose(explanation)
    worst = sum(term.largest for term in budget.terms)
    row: dict[str, Any] = {"parts": len(found.parts) - 1}
    row |= {"least margin: of the idealised mean": budget.margin, "worst of each term, added": worst}
    row["a bound may exceed the worst by a factor"] = budget.margin / max(worst, 1e-12)
    row |= {f"least margin: {name}": value for name, value in found.summary().items()}
    row |= {f"pairs settled {name}": value for name, value in found.settled.items()}
    row["classes that need one irrep"] = sum(bool(each.needs) for each in found.classes) / len(found.classes)
    if network.group.is_abelian and max(network.group.element_orders) == network.order:
        row["least margin: by moments"] = by_moments(network)
    return row


def by_moments(network: Network) -> float:
    """The mean margin less the sum of all Fourier coefficients of the deviation, frequency by frequency of the neurons.

    A bound that is linear in the weights knows the neurons of a frequency by their moments, so by the coefficients of
    their error as a function of the two angles; what the waves add up to it must take for the sum of their sizes.
    """
    of = analyse(network)
    energy, n = of.spectrum.energy, network.order
    left, right, unembed = (np.asarray(t, float) for t in (network.left, network.right, network.unembed))
    turn = int(np.flatnonzero(network.group.element_orders == n)[0])
    powers = [network.group.identity]
    while len(powers) < n:
        powers.append(int(network.table[powers[-1], turn]))
    order = np.array(powers)
    left, right, unembed = left[order], right[order], unembed[:, order]
    places = (np.arange(n)[:, None, None] + np.arange(n)[:, None] + np.arange(n)) % n
    ideal, waves = np.zeros(n), np.zeros(n)
    for k in np.unique(energy.dominant[energy.live]):
        chosen = energy.live & (energy.dominant == k)
        hidden = activation(network.activation)(left[:, None, chosen] + right[None, :, chosen])
        logits = np.take_along_axis(hidden @ unembed[chosen], places, axis=2)
        margins = logits[:, :, :1] - logits
        sizes = np.abs(np.fft.fft2(margins, axes=(0, 1))) / n**2
        ideal += margins.mean(axis=(0, 1))
        waves += sizes.sum(axis=(0, 1)) - sizes[0, 0]
    return float((ideal - waves)[1:].min())


def floor(network: Network) -> dict[str, Any]:
    """What comparing sums over whole irreps, carried to the identity, with one reference must pay, as a share of
    exhaustive; what the tables of rule gaps take, and how many pairs they leave open.

    A pair's hidden vector and the sums of what is written are always paid; comparisons are not charged. The outputs are
    counted that the reference leaves open, ⟨K, ΔF(w)⟩ + rest(w) ≤ Σ_blocks ‖ΔF(w)‖ ‖Q − K‖, three times: with the exact
    margin `rest` of what is not written, for which nothing is charged; with its Cauchy-Schwarz bound (mean of h and the
    right answer taken exactly: three numbers a neuron); and in parts: what x does alone and what y does
    alone is tabulated (2n²m once, two additions an output), the right answer's part is exact, and the rest goes into
    the Cauchy-Schwarz inequality (four numbers a neuron). Open outputs are evaluated in the span, two products a plane.
    Written are own irreps; then, for as many further parts as there are neurons, those that fire most.
    """
    found: dict[str, float] = {}
    for name, further in (("own irreps", 0), ("twice as much", network.width)):
        found |= {f"{name}, {what}": value for what, value in _floor(network, further).items()}
    for look in looks(Search(subject(network)))[:1]:
        found["gaps: tables"] = look.share(CENTRED)
        found["gaps: pairs open"] = look.plain(CENTRED).estimate.exact
        if look.points_alone[0]:
            found |= shared(look)
    return found


def shared(look: Look) -> dict[str, float]:
    """What rule each takes on some x: points, additions an output one after the other and as they are shared, parts of
    the outputs that are bounded by themselves and of those that are evaluated from all neurons, and the cost."""
    made, n = look.each(0.0, SAMPLE_PAIRS), look.search.subject.network.order
    rules, (x, _) = prepare(made.certificate, look.search.subject.model), look.search.sample()
    settle(rules, x[::n])
    spent, outputs = rules.budget.spent, len(x) * n
    added = Facts.of(rules).parts[0] / n**2
    found = {"points": float(look.columns), "additions an output": added, "cost": made.estimate.cost}
    found |= {"by themselves": spent["gaps singly"] / outputs, "from all neurons": spent["singles"] / outputs}
    return {f"each: {name}": value for name, value in found.items()}


def _floor(network: Network, further: int) -> dict[str, float]:
    of, n, m, e, table = analyse(network), network.order, network.width, network.group.identity, network.table
    left, right, unembed, bias = (
        np.asarray(t, float) for t in (network.left, network.right, network.unembed, network.bias)
    )
    unembed = unembed - unembed.mean(axis=1, keepdims=True)
    hidden = activation(network.activation)(left[:, None] + right)  # (x, y, m)
    size = np.sqrt((hidden**2).mean(axis=(0, 1)))
    irreps = {k: irrep for k, irrep in enumerate(of.irreps) if not irrep.is_trivial}
    parts = {k: coefficients(irrep, unembed) for k, irrep in irreps.items()}
    fires = np.stack([energy(irreps[k], part) for k, part in parts.items()], axis=1) * size[:, None] ** 2
    chosen = np.equal.outer(of.spectrum.energy.dominant, list(parts)) & of.spectrum.energy.live[:, None]
    chosen.ravel()[np.argsort(np.where(chosen, 0.0, -fires).ravel(), kind="stable")[:further]] = True
    paid, entries, delta, reference, away, distance = 0, 0, unembed.copy(), np.zeros(n), [], []
    for (k, irrep), written in zip(irreps.items(), chosen.T, strict=True):
        if not written.any():
            continue
        turns = irrep.dim == 2 and network.group.is_abelian
        paid += int(written.sum()) * (2 if turns else irrep.dim**2)
        entries += 2 if irrep.dim == 2 else irrep.dim**2
        part = parts[k] * written[:, None, None]
        delta -= np.einsum("mab,zab->mz", part, irrep.matrices)
        sums = np.tensordot(hidden, part, 1)
        moved = np.einsum("xba,xybc,ydc->xyad", irrep.matrices, sums, irrep.matrices, optimize=True)
        centre, differs = moved.mean(axis=(0, 1)), irrep.matrices[e] - irrep.matrices
        reference += np.einsum("ab,wab->w", centre, differs)
        away.append(np.linalg.norm(moved - centre, axis=(2, 3)))
        distance.append(np.linalg.norm(differs, axis=(1, 2)))
    places = table[table, np.arange(n)[:, None, None]].transpose(1, 0, 2)  # (x, y, w): xwy
    scale = np.maximum(np.sqrt(np.linalg.norm(delta, axis=1) / np.maximum(size, 1e-12)), 1e-9)
    exact = np.take_along_axis(hidden @ delta + bias, places, axis=2)
    known, result, mean = exact[..., e, None] - exact, dict[str, float](), hidden.mean(axis=(0, 1))
    rests, additive = {"rest known": (known, m)}, hidden.mean(axis=1)[:, None] + hidden.mean(axis=0) - mean
    for name, off, more in (("rest by its length", mean, 4 * m), ("rest by parts", additive, 7 * m + 2 * n)):
        length = np.linalg.norm((hidden - off) * scale, axis=2) * np.linalg.norm(delta / scale[:, None], axis=0).max()
        answer = np.einsum("xym,mxy->xy", hidden - off, delta[:, table]) - length
        fixed = np.take_along_axis(np.broadcast_to(off @ delta + bias, exact.shape), places, axis=2)
        rests[name] = fixed[..., e, None] - fixed + answer[..., None], more
        result[f"{name}: length, mean"] = float(length.mean())
    least = reference - np.stack(away, axis=2) @ np.stack(distance)
    others = np.arange(n) != e
    for name, (rest, more) in rests.items():
        open_ = float((least + rest <= 0)[..., others].mean())
        result |= {f"{name}: open": open_, f"{name}: cost": (more + paid + entries * open_ * n) / ((n + 1) * m)}
    result["reference less what deviates, least"] = float(least[..., others].min())
    return result | {"rest at worst": float(-known.min())}


WRITTEN = {
    "law at the network": "law",
    "decided by the training pairs": "decided",
    "by all pairs instead": "decided_by_all",
    "off own irreps": "off",
    "of that: scalars": "off_group",
    "of that: decided": "off_decided",
}
READ = {
    "read left": "reading: left",
    "read right": "reading: right",
    "weights by irreps": "by irreps",
    "by training pairs": "by training pairs",
    "accuracy in its place": "right by training pairs",
}
"""Columns of the two tables of populations → what `laws` calls them."""


def populations(lines: list[dict[str, Any]]) -> None:
    """One row a run: median, least and most over its networks; then machines and versions."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        runs.setdefault(line["network"].rpartition("#")[0] or line["network"], []).append(line)
    for columns in (WRITTEN, READ):
        head = ("group, pairs, optimiser, steps", "seeds", "right on all pairs", *columns)
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for found in runs.values():
            first, seeds = found[0], [int(line["seed"]) for line in found]
            how = f"{first['on']}, {100 * first['fraction']:.0f} %, {OPTIMISERS[first['optimizer']]}, "
            how += f"{int(first['steps']):,}"
            how += ", tables themselves" if first["architecture"] == "folded" else ""
            right = f"{sum(line['accuracy'] == 1 for line in found)} of {len(found)}"
            cells = [spread([line[key] for line in found if key in line]) for key in columns.values()]
            print("| " + " | ".join((how, f"{min(seeds)} to {max(seeds)}", right, *cells)) + " |")
        print()
    said = environment(threads=1)
    print(
        f"Measured with rhoset {said['rhoset']}, Python {said['python']}, numpy {said['numpy']}, {said['processor']}."
    )
    print("Trained on " + "; ".join(sorted({line["machine"] for line in lines if line["machine"]})) + ".")


OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "descent"}


def spread(values: list[float]) -> str:
    """Median (least to most), with as many digits as tell them from 1."""
    if not values:
        return "–"
    middle, least, most = (share(v) for v in (np.median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least} to {most})"


def share(value: float) -> str:
    """Two digits of what lacks to 1: 0.9938, 0.99991; else three: −0.512."""
    digits = min(max(2, 1 - int(np.floor(np.log10(max(1 - value, 1e-5))))), 5) if value > 0.5 else 3
    return "1" if value == 1 else f"{value:z.{digits}f}".replace("-", "−")


def rows(lines: list[dict[str, Any]]) -> None:
    """One row a network."""
    names = list(dict.fromkeys(key for line in lines for key in line))
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for line in lines:
        cells = (line.get(name, "–") for name in names)
        print("| " + " | ".join(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells) + " |")


def table(lines: list[dict[str, Any]]) -> None:
    """One row a number: how many networks have it, least, median, most."""
    print(f"{len(lines)} networks\n\n| | networks | least | median | most |\n|---|---|---|---|---|")
    for name in dict.fromkeys(key for line in lines for key in line if key != "network"):
        values = np.array([line[name] for line in lines if name in line], dtype=float)
        print(f"| {name} | {len(values)} | {values.min():.4f} | {np.median(values):.4f} | {values.max():.4f} |")


PLACED: dict[str, Any] = {"laws": laws, "way": way}
MEASURED = {"steps": steps, "measure": measure, "divide": divide, "floor": floor}
SHOWN = {"table": table, "rows": rows, "populations": populations}


def main(mode: str, out: str, *specs: str) -> None:
    if mode in SHOWN:
        SHOWN[mode]([json.loads(line) for line in Path(out).read_text("utf-8").splitlines()])
        return
    with Path(out).open("a", encoding="utf-8") as target:
        for spec in specs:
            for label, path in open_networks(spec):
                network = read_network(path)
                found = PLACED[mode](network, path) if mode in PLACED else MEASURED[mode](network)
                for row in found if isinstance(found, list) else [found]:
                    target.write(json.dumps({"network": label, **row}) + "\n")
                target.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
