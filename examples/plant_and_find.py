"""Hide a circuit in a network, and find it again.

Run as a script, or cell by cell in an editor that knows `# %%`.
"""

# %% A network on S5 from two circuits, shuffled, rescaled, with 2 % noise
from __future__ import annotations

import rhoset as rs

planted = rs.construct("S5", ["[4,1]:split=0.5", "sign"], noise=0.02, seed=3, width=96)
network = planted.network
print(f"{network.width} neurons, accuracy {rs.evaluate(network).accuracy:.2%}")

# %% What the explanation says, given nothing but the weights and the multiplication table
explanation = rs.explain(network)
for circuit in explanation.circuits:
    p, q = circuit.shape
    print(f"{circuit.irrep.name:12} {p} x {q} slots, {circuit.kind:8} {len(circuit.neurons)} neurons")
print(f"explained: {explanation.explained:.2%} of the weights")

# %% Does it name the neurons that were planted?
for plan, truth in zip(planted.plans, planted.circuits, strict=True):
    found = next(c for c in explanation.circuits if c.shape == truth.shape)
    right = set(map(int, found.neurons)) == set(map(int, truth.neurons))
    print(f"{plan.irrep}: the same neurons: {'yes' if right else 'no'}")
    assert right

# %% What the explanation alone does
ideal = rs.evaluate(explanation.ideal)
print(f"the explanation in the network's place: accuracy {ideal.accuracy:.2%}, loss {ideal.loss:.3g}")
assert ideal.accuracy == 1
