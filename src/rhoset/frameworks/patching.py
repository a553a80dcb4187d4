"""Take parts out of a network, look at its activations, put changed ones back.

h = rs.activations(network)          # (n, n, m)
h[..., circuit.neurons] = 0
rs.logits_of(network, h)             # (n, n, n): what the network says then
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.networks import Network, hidden

if TYPE_CHECKING:
    from rhoset.explaining import Circuit, Explanation, Quadrature

MODES = ("zero", "mean")
"""What stands for the neurons taken out: nothing, or the mean of their activations over all pairs."""


@public
def activations(
    network: Network, x: ArrayLike | None = None, y: ArrayLike | None = None, *, dtype: Any = None
) -> NDArray[Any]:
    """Hidden activations φ(left[x] + right[y]), to be read and changed.

    Parameters
    ----------
    x, y
        Arrays of elements that broadcast; all pairs when left out.
    dtype
        Type to compute in; that of the tables by default, at least float32.

    Returns
    -------
    (…, m), or (n, n, m) for all pairs: 7 MB for S5 and 128 neurons in float32. A copy of its own.

    Raises RhosetError (slug ``element-out-of-range``) for what is no element.
    """
    return np.array(hidden(network, x, y, dtype))


@public
def logits_of(network: Network, activations: ArrayLike) -> NDArray[Any]:
    """The logits that the network computes from given hidden activations: (…, m) → (…, n).

    Raises RhosetError (slug ``activation-shape``) where the last axis is not the m neurons.
    """
    h = np.asarray(activations)
    if h.ndim == 0 or h.shape[-1] != network.width:
        raise RhosetError(
            f"activations of shape {h.shape}: the last axis must be the {network.width} neurons",
            slug="activation-shape",
        )
    kind = np.result_type(np.float32, h, network.unembed, network.bias)
    flat = h.reshape(-1, network.width).astype(kind, copy=False)
    found: NDArray[Any] = flat @ network.unembed.astype(kind, copy=False) + network.bias.astype(kind, copy=False)
    return found.reshape(*h.shape[:-1], network.order)


@public
def without(
    network: Network,
    neurons: Iterable[int] | None = None,
    irrep: str | Sequence[str] | None = None,
    circuit: int | Circuit | Quadrature | Sequence[int | Circuit | Quadrature] | None = None,
    *,
    mode: str = "zero",
    explanation: Explanation | None = None,
) -> Network:
    """The network without some neurons, an irrep or a circuit: a network of its own, of the same width.

    Parameters
    ----------
    neurons
        Indices.
    irrep
        Names: the live neurons whose energy lies most in one of them.
    circuit
        Numbers in `Explanation.circuits`, circuits or quadratures.
    mode
        ``zero``: the neurons write nothing; ``mean``: the mean of what they write over all pairs joins the bias.
    explanation
        Of this network, when it is at hand; found otherwise where it is needed.

    Raises
    ------
    RhosetError
        Nothing was named (slug ``nothing-named``), an index, irrep or circuit is not there (``neuron-out-of-range``,
        ``unknown-irrep``, ``no-such-circuit``), unknown mode (``unknown-mode``), an explanation of another network
        (``other-network``).

    Examples
    --------
    >>> import rhoset as rs
    >>> net = rs.construct("S4", ["[3,1]", "sign"]).network
    >>> rs.evaluate(without(net, irrep="[3,1]")).accuracy < 0.1
    True
    """
    if mode not in MODES:
        raise RhosetError(f"mode {mode!r}: give one of {', '.join(MODES)}", slug="unknown-mode")
    if neurons is None and irrep is None and circuit is None:
        raise RhosetError("say what to take out: neurons, an irrep or a circuit", slug="nothing-named")
    if explanation is not None and explanation.network.digest != network.digest:
        raise RhosetError("the explanation is of another network", slug="other-network")
    chosen = {int(i) for i in ([] if neurons is None else neurons)}
    wrong = sorted(i for i in chosen if not 0 <= i < network.width)
    if wrong:
        raise RhosetError(
            f"neurons {wrong[:8]}: a network of width {network.width} has neurons 0 to {network.width - 1}",
            slug="neuron-out-of-range",
        )
    if irrep is not None or _needs_explanation(circuit):
        explanation = explanation or _explain(network)
        chosen |= _of_irreps(explanation, [irrep] if isinstance(irrep, str) else list(irrep or ()))
    for one in _listed(circuit):
        chosen |= {int(i) for i in _circuit(explanation, one).neurons}
    return _removed(network, np.array(sorted(chosen), dtype=np.intp), mode)


def _listed(circuit: Any) -> list[Any]:
    if circuit is None:
        return []
    return list(circuit) if isinstance(circuit, Iterable) else [circuit]


def _needs_explanation(circuit: Any) -> bool:
    return any(isinstance(one, int | np.integer) for one in _listed(circuit))


def _explain(network: Network) -> Explanation:
    from rhoset.explaining import explain

    return explain(network)


def _of_irreps(explanation: Explanation, names: list[str]) -> set[int]:
    energy, found = explanation.energy, set[int]()
    for name in names:
        chosen = [k for k, irrep in enumerate(explanation.irreps) if name in (irrep.name, irrep.label)]
        if not chosen:
            known = ", ".join(irrep.label for irrep in explanation.irreps)
            raise RhosetError(f"no irrep {name!r}: there are {known}", slug="unknown-irrep")
        found |= {int(i) for i in np.flatnonzero(energy.live & (energy.dominant == chosen[0]))}
    return found


def _circuit(explanation: Explanation | None, one: Any) -> Any:
    if not isinstance(one, int | np.integer):
        return one
    circuits = () if explanation is None else explanation.circuits
    if not 0 <= one < len(circuits):
        said = f"no circuit {one}: the explanation has {len(circuits)}, counted from 0"
        raise RhosetError(said, slug="no-such-circuit")
    return circuits[int(one)]


def _removed(network: Network, chosen: NDArray[np.intp], mode: str) -> Network:
    """The tables with the neurons' columns and rows at 0; never with factors, which would say otherwise."""
    left, right = np.array(network.left), np.array(network.right)
    unembed, bias = np.array(network.unembed), np.array(network.bias)
    if mode == "mean" and chosen.size:
        written = np.zeros(network.order)
        for x in range(network.order):
            h = hidden(network, x, np.arange(network.order), np.float64)[:, chosen]
            written += h.mean(axis=0) @ unembed[chosen].astype(np.float64)
        bias = (bias + written / network.order).astype(np.result_type(bias, np.float32))
    left[:, chosen] = 0
    right[:, chosen] = 0
    unembed[chosen] = 0
    return replace(network, left=left, right=right, unembed=unembed, bias=bias, factors={})
