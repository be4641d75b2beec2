"""The embedded cluster: pins, certificates, machines, images."""
