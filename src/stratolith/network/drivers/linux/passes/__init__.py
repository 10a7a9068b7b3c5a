"""One pass over a host: the difference between a plan and the kernel, object by object.

``whole.py`` has the order, the other modules a subject each; they share a ``Work``.
"""
