# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody finds who has the machine: raw files, and the memory of a program that runs."""

import os


def in_files(directory, text):
    """Files below a directory, deleted content inside them included, that hold the text in the clear."""
    needle = text.encode()
    return [path for path in directory.rglob("*") if path.is_file() and needle in path.read_bytes()]


def in_memory(pid, text):
    """Where a process has the text in its memory: everything it could read itself, a core dump and more."""
    needle, found = text.encode(), []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            fields = line.split()
            begin, end = (int(address, 16) for address in fields[0].split("-"))
            if fields[1][0] != "r":
                continue
            try:
                memory.seek(begin)
                data = memory.read(end - begin)
            except (OSError, OverflowError, ValueError):
                continue  # of the kernel's: [vvar], [vsyscall]
            at = data.find(needle)
            if at >= 0:
                around = data[max(0, at - 40) : at + 80]
                found.append((fields[-1], hex(begin + at), around))
    return found


def open_files(pid):
    """Names of the files that a process has open, those that are deleted included."""
    folder = f"/proc/{pid}/fd"
    return [os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)]
