"""What makes each machine somebody: host name, machine id, hosts, resolver, SSH keys."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sandbox.layout import CLUSTER_DOMAIN, Sandbox
from sandbox.pki import write_private

PATH = ":".join(
    [
        *(f"/opt/roadworthy/{name}" for name in ("kubernetes", "kubectl", "containerd")),
        *("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"),
    ]
)
SSHD = f"""\
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PidFile none
AcceptEnv LANG LC_*
SetEnv PATH={PATH}
Subsystem sftp internal-sftp
"""


def _key(path: Path, comment: str) -> str:
    """Return the public half (one line) of an SSH key, made on first use."""
    public = path.with_name(path.name + ".pub")
    if not (path.exists() and public.exists()):
        key = ed25519.Ed25519PrivateKey.generate()
        form, encoding = serialization.PrivateFormat.OpenSSH, serialization.Encoding
        line = key.public_key().public_bytes(encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        write_private(path, key.private_bytes(encoding.PEM, form, serialization.NoEncryption()))
        public.write_bytes(line + f" {comment}\n".encode())
    return public.read_text()


def ensure_ssh(sandbox: Sandbox) -> None:
    """Make the key that opens every node, every node's host key, and the list of known hosts."""
    paths = sandbox.paths
    _key(paths.ssh_key, f"roadworthy-{sandbox.name}")
    lines = []
    for machine in sandbox.machines:
        public = _key(paths.ssh_key.parent / f"host-{machine}", machine)
        lines.append(f"{machine},{sandbox.address(machine)} {' '.join(public.split()[:2])}\n")
    paths.known_hosts.write_text("".join(lines))


def hosts(sandbox: Sandbox, machine: str) -> str:
    """Return a machine's /etc/hosts: itself and all the others."""
    lines = ["127.0.0.1 localhost"]
    lines += [f"{sandbox.address(each)} {each} {each}.{sandbox.domain}" for each in sandbox.machines if each == machine]
    lines += [f"{sandbox.address(each)} {each} {each}.{sandbox.domain}" for each in sandbox.machines if each != machine]
    return "\n".join(lines) + "\n"


def _shadow() -> bytes:
    """Return the host's /etc/shadow with a root that has no password, but isn't locked: sshd lets no locked user in."""
    lines = Path("/etc/shadow").read_text().splitlines()
    kept = [line for line in lines if not line.startswith("root:")]
    return "\n".join(["root:*:19000:0:99999:7:::", *kept, ""]).encode()


def machine_id(sandbox: Sandbox, machine: str) -> str:
    """Return a machine's id: its own, and the same each time it boots."""
    seed = sandbox.paths.ssh_key.with_name(f"host-{machine}.pub").read_text()
    return hashlib.sha256(seed.encode()).hexdigest()[:32]


def etc(sandbox: Sandbox, machine: str) -> dict[str, bytes]:
    """Return the files of a machine's /etc, by their path below it."""
    folder = sandbox.paths.ssh_key.parent
    search = " ".join(f"{part}{CLUSTER_DOMAIN}" for part in ("svc.", ""))
    return {
        "hostname": f"{machine}\n".encode(),
        "hosts": hosts(sandbox, machine).encode(),
        "machine-id": f"{machine_id(sandbox, machine)}\n".encode(),
        "resolv.conf": f"nameserver {sandbox.dns}\nsearch {search}\noptions timeout:2 attempts:2\n".encode(),
        "shadow": _shadow(),
        "ssh/sshd_config": SSHD.encode(),
        "ssh/authorized_keys": sandbox.paths.ssh_key.with_name(sandbox.paths.ssh_key.name + ".pub").read_bytes(),
        "ssh/ssh_host_ed25519_key": (folder / f"host-{machine}").read_bytes(),
        "ssh/ssh_host_ed25519_key.pub": (folder / f"host-{machine}.pub").read_bytes(),
    }
