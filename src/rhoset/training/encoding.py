"""Operands and answers as permutation matrices: the first way to a network of a large group.

In a network with one-hot inputs a pair (x, y) says something about the rows of x, y and xy alone, so that n² pairs are
shared by n rows of each table. Encoded, an operand is the q² entries of its permutation matrix on q points; left and
right are linear in them, and an answer's logit is a sum of q of the q² numbers that the network writes. Then every pair
says something about every parameter, 3 q² m in all, whatever n is. A step on b pairs with all outputs takes about
3 b q² (n + 3m) multiply-adds, where folded tables take 3 b m n.

What comes out folds to the same four tables. A network of architecture `factored` with E = q² can start from it: its
embeddings are then the permutation matrices at first, and everything is trained, as with one-hot inputs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhoset.training.activations import activation
from rhoset.training.config import refuse
from rhoset.training.curriculum import closed_beginnings


def permutation_matrices(table: NDArray[np.int32], elements: int) -> NDArray[np.float32]:
    """(n, q²) the permutation matrices of the group on the cosets of the subgroup of its first `elements`.

    Entry (x, a q + b) is 1 where x takes coset b to coset a. Cost n (k + q).

    Raises
    ------
    RhosetError
        ``bad-setting`` when the first elements are no subgroup, or some elements have equal matrices.
    """
    n, closed = len(table), closed_beginnings(table)
    known = f"first elements that are a subgroup: {', '.join(map(str, closed)) or 'none'}"
    if elements not in closed:
        refuse("encoding_subgroup", elements, f"the order of a proper subgroup that is the first elements ({known})")
    first, coset = np.unique(table[:, :elements].min(axis=1), return_inverse=True)
    images, q = coset[table[:, first]], len(first)
    if len(np.unique(images, axis=0)) < n:
        right = f"a subgroup that holds no normal one, or else several elements have one matrix ({known})"
        refuse("encoding_subgroup", elements, right)
    matrices = np.zeros((n, q, q), np.float32)
    matrices[np.arange(n)[:, None], images, np.arange(q)] = 1
    return matrices.reshape(n, q * q)


def encoded_loss(p: Mapping[str, Tensor], pairs: NDArray[np.int64], table: NDArray[np.int32], name: str) -> Tensor:
    """Mean cross-entropy over all outputs of pairs x·n + y, differentiable in the parameters.

    Parameters
    ----------
    p
        Parameters by name, and the matrices (n, q²) as `embed`.
    pairs
        (b,) flat positions; b n logits are held.
    table
        (n, n) multiplication table.
    name
        The activation.
    """
    matrices = p["embed"]
    x, y = np.divmod(pairs, len(table))
    left, right = (matrices[torch.from_numpy(side)] for side in (x, y))
    before = left @ p["hidden_left"] + right @ p["hidden_right"]
    hidden = activation(name).function(before + p["hidden_bias"] if "hidden_bias" in p else before)
    logits = hidden @ p["unembed_points"].T @ matrices.T
    return torch.nn.functional.cross_entropy(logits, torch.from_numpy(table[x, y].astype(np.int64)))
