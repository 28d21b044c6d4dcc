"""The command `tenure-agent` of the distribution `tenure-sdk`: a device needs no server code to be licensed."""
