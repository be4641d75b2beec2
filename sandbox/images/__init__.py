"""The sandbox's container images: assembled from recipes, without an engine, into the registry's own storage.

    ensure(["pause", "sandbox.local/postgres:16.13"])   # assembles what is missing; a running registry serves it then
    available()                                         # every recipe there is

A recipe is ``sandbox/images/<stem>.yaml``; an image is asked for by that stem or by its full name.
"""

from sandbox.images.assembly import assemble, unpack
from sandbox.images.recipe import Recipe, find, load
from sandbox.images.stock import available, ensure, prune, supply

__all__ = ["Recipe", "assemble", "available", "ensure", "find", "load", "prune", "supply", "unpack"]
