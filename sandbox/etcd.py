"""The control plane's etcd, and how a program in the cluster may reach it: over TLS, with a certificate of its own.

The API server talks to it on the machine itself. Whoever takes snapshots comes from a pod, as on clusters that kubeadm
made: to the machine's address, with a client certificate of etcd's own authority, which opens nothing else.
"""

from __future__ import annotations

import base64

from sandbox.api import Object
from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.pki import Authority, Subject

CLIENT_PORT = 2379
CA, SERVER, CLIENT = "etcd-ca", "etcd-server", "etcd-client"
LOCAL = f"http://127.0.0.1:{CLIENT_PORT}"


def address(sandbox: Sandbox) -> str:
    """Return where programs in the cluster reach it."""
    return f"https://{sandbox.address(CONTROL_PLANE)}:{CLIENT_PORT}"


def certificates(sandbox: Sandbox) -> Authority:
    """Make its authority, its own certificate and the client's; return the authority."""
    authority = Authority(sandbox.paths.pki, CA)
    names = ("localhost", CONTROL_PLANE, "127.0.0.1", sandbox.address(CONTROL_PLANE))
    # It logs in to itself as a client, too: its gateway does.
    authority.ensure(SERVER, Subject("etcd-server", names=names, server=True))
    authority.ensure(CLIENT, Subject("etcd-client"))
    return authority


def command(sandbox: Sandbox, binary: str, pki: str) -> list[str]:
    """Return its command line; `pki` is the folder of the certificates as the machine sees it."""
    return [
        binary,
        "--name=sandbox",
        "--data-dir=/var/lib/etcd",
        f"--listen-client-urls={LOCAL},{address(sandbox)}",
        f"--advertise-client-urls={LOCAL},{address(sandbox)}",
        # For the second address; the first is the machine's own and stays plain.
        f"--cert-file={pki}/{SERVER}.crt",
        f"--key-file={pki}/{SERVER}.key",
        f"--trusted-ca-file={pki}/{CA}.crt",
        "--client-cert-auth",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=sandbox=http://127.0.0.1:2380",
        f"--listen-metrics-urls=http://{sandbox.address(CONTROL_PLANE)}:2381",
        # Without fsync a killed process loses nothing, a power cut may. A sandbox is made anew then, and on one disk
        # with eight nodes' pulls each fsync can take hundreds of milliseconds: the API server would stall.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def secret(sandbox: Sandbox) -> Object:
    """Return the Secret by which who takes snapshots gets in, as an administrator would make it."""
    authority = certificates(sandbox)
    certificate, key = authority.ensure(CLIENT, Subject("etcd-client"))
    files = {"ca.crt": authority.certificate_file, "tls.crt": certificate, "tls.key": key}
    data = {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()}
    data["endpoint"] = base64.b64encode(address(sandbox).encode()).decode()
    metadata = {"name": CLIENT, "namespace": "etcd-snapshots"}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": data}
