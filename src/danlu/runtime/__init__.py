"""Where and how things run: this machine and its measured speeds, device, signals, memory, world of processes."""
