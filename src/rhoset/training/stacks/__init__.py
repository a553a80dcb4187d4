"""Stacks: many small networks of one shape trained by one process, each as it would be alone, bit for bit.

For networks whose step is over sooner than the interpreter has called the operations of it: numpy arrays with the
networks as first axis, products by one call of BLAS a network, an optimiser on flat vectors.
"""
