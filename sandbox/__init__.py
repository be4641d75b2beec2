"""The embedded cluster: a real Kubernetes of several nodes on one Linux machine, without a container engine."""
