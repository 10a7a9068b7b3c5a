"""The control plane's views of networks for hosts, and the reports of hosts."""
