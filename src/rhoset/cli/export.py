"""`rhoset export`: a network as an ONNX model, and claims about it for outside verifiers."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER, Number
from rhoset.errors import RhosetError


@make_command(example="rhoset export runs/s5#0 --out claim --input 3,5 --vnnlib 1")
@click.argument("network", metavar="NET")
@click.option("--out", "folder", metavar="FOLDER", required=True, type=FOLDER, help="Where to write the files.")
@click.option(
    "--input",
    "inputs",
    metavar="X,Y",
    multiple=True,
    help="Elements (indices) whose product is claimed to be right: a VNN-LIB query; once for each.",
)
@click.option(
    "--vnnlib",
    type=click.Choice(["1", "2"]),
    default="2",
    show_default=True,
    help="Version of VNN-LIB; most verifiers read 1.",
)
@click.option(
    "--radius", type=Number(0, 0.999), default=0.0, show_default=True, help="Half the side of a box around the input."
)
def command(out: Output, network: str, folder: Path, inputs: tuple[str, ...], vnnlib: str, radius: float) -> Payload:
    """Write a network as an ONNX model, and claims about single inputs for verifiers that others wrote.

    A verifier's answer `unsat` to a query confirms that the network is right on that input. A
    certificate of rhoset says more, all inputs at once and rigorously rounded; this is a second
    opinion.
    """
    if folder.suffix == ".onnx":
        raise RhosetError(f"--out {folder}: give a folder; the model in it is network.onnx", slug="bad-argument")
    from rhoset.frameworks import to_onnx, write_query
    from rhoset.networks.atomic import make_folder
    from rhoset.networks.files import read_labelled
    from rhoset.networks.runs import one_network

    read = read_labelled(*one_network(network, "an ONNX model"))
    pairs = [_pair(text) for text in inputs]
    written = [write_query(read, x, y, folder, radius=radius, version=int(vnnlib))[1] for x, y in pairs]
    if not written:
        make_folder(folder)
    model = folder / "network.onnx"
    if not written:
        to_onnx(read, model, batch=1)
    for path in (model, *written):
        out.say(str(path))
    return {"model": str(model), "queries": [str(path) for path in written], "vnnlib": int(vnnlib)}


def _pair(text: str) -> tuple[int, int]:
    """Two elements of an input, or RhosetError (slug ``bad-argument``)."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdigit() and len(part) < 10 for part in parts):
        raise RhosetError(f"--input {text!r}: give two elements by index, as in 3,5", slug="bad-argument")
    return int(parts[0]), int(parts[1])
