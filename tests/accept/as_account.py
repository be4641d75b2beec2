"""A pytest plugin: judge and repair as somebody else than the sandbox's administrator. ``-p tests.accept.as_account``.

``$ROADWORTHY_ACCOUNT`` names the kubeconfig; its context is called ``account``.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.profile import Profile


@pytest.hookimpl(tryfirst=True)
def pytest_roadworthy_connect(profile: Profile) -> LiveCluster:
    return connect(replace(profile, kubeconfig=os.environ["ROADWORTHY_ACCOUNT"], context="account"))
