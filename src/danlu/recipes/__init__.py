"""One function per command: settings in, artifact out. The command line and the Python API are these functions."""
