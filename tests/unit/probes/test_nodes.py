import pytest

from probes import nodes
from roadworthy.errors import NotApplicable, Unknown
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import names, node


def test_the_fifth_listed_node_is_found_by_its_number_whatever_its_name() -> None:
    there = cluster(nodes=names("pi-master", "pi-worker-01", "pi-worker-02"))
    assert nodes.listed(there, "node-2") == "pi-worker-01"


def test_a_number_beyond_the_list_is_not_applicable() -> None:
    with pytest.raises(NotApplicable, match="lists 1 nodes"):
        nodes.listed(cluster(nodes=names("only")), "node-2")


def test_a_node_s_troubles_are_told_in_the_kubelet_s_words() -> None:
    there = cluster(node("node-1", ready="Unknown", reason="NodeStatusUnknown", DiskPressure="True"))
    found = nodes.node(there, "node-1")
    assert (found.ready, found.reason) == (False, "NodeStatusUnknown")
    assert found.pressures == ("DiskPressure (about DiskPressure)",)


def test_a_missing_node_names_those_that_are_there() -> None:
    with pytest.raises(AssertionError, match=r"seen: nodes: node-1.*start the node agent on node-9"):
        nodes.node(cluster(node("node-1")), "node-9")


def test_a_lease_tells_how_long_ago_a_node_reported() -> None:
    lease = {
        "kind": "Lease",
        "metadata": {"name": "node-1", "namespace": "kube-node-lease"},
        "spec": {"renewTime": "2027-01-15T07:59:18.500000Z"},
    }
    assert nodes.heartbeat(cluster(lease), "node-1") == pytest.approx(41.5)


def test_a_clock_that_is_ahead_has_a_positive_skew() -> None:
    there = cluster(ssh={"node-1": {"date": "1800000005.250000000\n"}})
    found = nodes.clock(there, "node-1")
    assert found.skew == pytest.approx(5.25)
    assert found.doubt == pytest.approx(0.5)


def test_a_node_that_does_not_tell_its_time_is_unknown_not_wrong() -> None:
    with pytest.raises(Unknown, match="tells its time"):
        nodes.clock(cluster(ssh={"node-1": {"date": "sh: date: not found"}}), "node-1")


def test_nodes_are_grouped_by_version() -> None:
    there = cluster(node("a"), node("b", version="v1.36.9"), node("c"))
    assert nodes.versions(there) == {"v1.37.2": ("a", "c"), "v1.36.9": ("b",)}
