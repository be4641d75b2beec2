"""The control-plane machine: etcd, API server, controller manager, scheduler, image registry, kube-proxy.

It is a machine of its own and no node: no pod runs here, so every node can be lost without losing the judge.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from sandbox import etcd, kube_proxy, kubeconfig
from sandbox.layout import API_PORT, CLUSTER_DOMAIN, CONTROL_PLANE, REGISTRY_PORT, Sandbox
from sandbox.logs import KEEPER, LOGS, keeper
from sandbox.pki import CA, FRONT_PROXY_CA, Authority, Subject, ensure_signing_key
from sandbox.supervise import listening, present, script, until

PKI = "/etc/kubernetes/pki"
BINARIES = "/opt/roadworthy/kubernetes"
KUBECTL = "/opt/roadworthy/kubectl/kubectl"
REGISTRY = "/opt/roadworthy/registry/usr/bin/docker-registry"
REGISTRY_STORAGE = "/var/lib/registry"
TEMPLATES = Path(__file__).parent / "templates"
USERS = {
    "controller-manager": "system:kube-controller-manager",
    "scheduler": "system:kube-scheduler",
    "kube-proxy": "system:kube-proxy",
}
AFTER_API = until(listening("127.0.0.1", API_PORT))
AFTER_ETCD = until(listening("127.0.0.1", etcd.CLIENT_PORT), 0.05)
# The API server listens before its own roles exist; who is refused then would be started again a second later.
WITH_ROLES = f"""{KUBECTL} --kubeconfig={{config}} --request-timeout=2s \\
    get --raw /api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication >/dev/null 2>&1"""


def certificates(sandbox: Sandbox) -> Authority:
    """Make every key and certificate of the control plane, and the administrator's kubeconfig; return the authority."""
    folder, address = sandbox.paths.pki, sandbox.address(CONTROL_PLANE)
    authority, front = Authority(folder, CA), Authority(folder, FRONT_PROXY_CA)
    ensure_signing_key(folder)
    etcd.certificates(sandbox)
    service = "kubernetes.default.svc"
    names = (
        "localhost",
        "kubernetes",
        "kubernetes.default",
        service,
        f"{service}.{CLUSTER_DOMAIN}",
        CONTROL_PLANE,
        "127.0.0.1",
        address,
        f"{sandbox.prefix}.16.1",
    )
    authority.ensure("apiserver", Subject("kube-apiserver", names=names, server=True, client=False))
    authority.ensure("apiserver-kubelet-client", Subject("kube-apiserver-kubelet-client", "system:masters"))
    front.ensure("front-proxy-client", Subject("front-proxy-client"))
    kubeconfig.ensure_admin(sandbox, authority)
    for user in USERS.values():
        kubeconfig.for_user(sandbox, authority, user)
    return authority


def etc(sandbox: Sandbox, authority: Authority) -> dict[str, bytes]:
    """Return the files of the machine's /etc, by their path below it."""
    files = {"kubernetes/audit-policy.yaml": (TEMPLATES / "audit-policy.yaml").read_bytes()}
    for name, user in USERS.items():
        files[f"kubernetes/{name}.kubeconfig"] = kubeconfig.for_user(sandbox, authority, user).encode()
    files["kubernetes/kube-proxy.yaml"] = kube_proxy.config(sandbox, CONTROL_PLANE).encode()
    for path in sandbox.paths.pki.iterdir():
        if path.suffix in {".crt", ".key", ".pub"}:
            files[f"kubernetes/pki/{path.name}"] = path.read_bytes()
    registry = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        # All sandboxes share the storage; what fills it writes the files itself.
        "storage": {"filesystem": {"rootdirectory": REGISTRY_STORAGE}, "maintenance": {"readonly": {"enabled": True}}},
        "http": {"addr": f"{sandbox.address(CONTROL_PLANE)}:{REGISTRY_PORT}"},
    }
    files["docker/registry/config.yml"] = yaml.dump(registry, sort_keys=False).encode()
    return files


def _api_server(sandbox: Sandbox) -> list[str]:
    flags = {
        "advertise-address": sandbox.address(CONTROL_PLANE),
        "secure-port": str(API_PORT),
        "etcd-servers": etcd.LOCAL,
        "service-cluster-ip-range": sandbox.service_range,
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "tls-cert-file": f"{PKI}/apiserver.crt",
        "tls-private-key-file": f"{PKI}/apiserver.key",
        "client-ca-file": f"{PKI}/{CA}.crt",
        "kubelet-certificate-authority": f"{PKI}/{CA}.crt",
        "kubelet-client-certificate": f"{PKI}/apiserver-kubelet-client.crt",
        "kubelet-client-key": f"{PKI}/apiserver-kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": f"https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        "service-account-key-file": f"{PKI}/sa.pub",
        "service-account-signing-key-file": f"{PKI}/sa.key",
        "requestheader-client-ca-file": f"{PKI}/{FRONT_PROXY_CA}.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "proxy-client-cert-file": f"{PKI}/front-proxy-client.crt",
        "proxy-client-key-file": f"{PKI}/front-proxy-client.key",
        # To the pods of an aggregated API directly, whatever becomes of kube-proxy.
        "enable-aggregator-routing": "true",
        "audit-policy-file": "/etc/kubernetes/audit-policy.yaml",
        "audit-log-path": f"{LOGS}/audit.log",
        "audit-log-maxsize": "200",
        "audit-log-maxbackup": "3",
        "profiling": "false",
    }
    return [f"{BINARIES}/kube-apiserver", *(f"--{name}={value}" for name, value in flags.items())]


def _controller_manager(sandbox: Sandbox) -> list[str]:
    config = "/etc/kubernetes/controller-manager.kubeconfig"
    flags = {
        "kubeconfig": config,
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "bind-address": sandbox.address(CONTROL_PLANE),
        "service-account-private-key-file": f"{PKI}/sa.key",
        "root-ca-file": f"{PKI}/{CA}.crt",
        "cluster-signing-cert-file": f"{PKI}/{CA}.crt",
        "cluster-signing-key-file": f"{PKI}/{CA}.key",
        "use-service-account-credentials": "true",
        # A node's range follows from its name and is given to it by `up`; an allocator would deal them out by chance.
        "allocate-node-cidrs": "false",
        "cluster-cidr": sandbox.pods,
        # A lost node is known after 30 s, not 50: the sandbox exists to be broken.
        "node-monitor-period": "2s",
        "node-monitor-grace-period": "30s",
        # It makes a token for each of its forty controllers before it starts them: 5 s at the usual 20 a second.
        "kube-api-qps": "500",
        "kube-api-burst": "1000",
        # There is one, and nobody to elect it against.
        "leader-elect": "false",
        "profiling": "false",
    }
    return [f"{BINARIES}/kube-controller-manager", *(f"--{name}={value}" for name, value in flags.items())]


def _scheduler(sandbox: Sandbox) -> list[str]:
    config = "/etc/kubernetes/scheduler.kubeconfig"
    flags = {
        "kubeconfig": config,
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "bind-address": sandbox.address(CONTROL_PLANE),
        "leader-elect": "false",
        "profiling": "false",
    }
    return [f"{BINARIES}/kube-scheduler", *(f"--{name}={value}" for name, value in flags.items())]


def _after_roles(user: str) -> str:
    roles = until(WITH_ROLES.format(config=f"/etc/kubernetes/{user}.kubeconfig"), 0.2)
    return "\n".join([present(KUBECTL), AFTER_API, roles])


def services(sandbox: Sandbox) -> dict[str, str]:
    """Return the `run` scripts of the machine's services."""
    small = {"GOMAXPROCS": "2"}
    return {
        "etcd": script(etcd.command(sandbox, f"{BINARIES}/etcd", PKI), environment={"GOGC": "75"}),
        "kube-apiserver": script(_api_server(sandbox), environment={"GOGC": "75"}, ready=AFTER_ETCD),
        "kube-controller-manager": script(
            _controller_manager(sandbox), environment=small, ready=_after_roles("controller-manager")
        ),
        "kube-scheduler": script(_scheduler(sandbox), environment=small, ready=_after_roles("scheduler")),
        "kube-proxy": kube_proxy.service(small, AFTER_API),
        "registry": script([REGISTRY, "serve", "/etc/docker/registry/config.yml"], environment=small, log="registry"),
        KEEPER: keeper(),
    }
