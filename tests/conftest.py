import signal


def pytest_configure():
    """Whoever starts us in the background may have us ignore SIGINT, and so would every program that a test sends it to."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
