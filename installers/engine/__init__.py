"""Installs components: reads what they are, compares with what is there, and yields the Changes that are missing.

- component: what a component is (component.yaml), checked
- order: what must be there before
- values: what its chart is given, and the digest of it all
- chart: the chart itself, fetched and found to be the pinned one, and what it renders
- crds: the custom resource definitions that it brings
- release: what Helm has written down about the last install; pending: what it began and never ended
- drift: where the live objects differ from what that install asked for
- foreign: fields that somebody added beside what that install asked for
- fit: whether the nodes can run it: architecture, memory
- secrets: credentials, made once
- plan: all of it, as a generator of Changes
"""

from __future__ import annotations

from installers.engine.component import Component, Edition, Image, load_all
from installers.engine.plan import plan

__all__ = ["Component", "Edition", "Image", "load_all", "plan"]
