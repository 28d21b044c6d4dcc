"""The administration server's web console: the tree, the Licenses folder, devices, events, over the local API."""
