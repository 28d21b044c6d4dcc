"""The device's daemon: holds a seat, proves it offline, switches functions at the true instant, listens on nothing."""
