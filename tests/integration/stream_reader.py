# SPDX-License-Identifier: LGPL-2.1-or-later
"""An app on a stream, in a process of its own that can be stopped: stream_reader.py ADDRESS FILE PAUSE TYPE…

Writes the seq of every event into a file, a line each, and waits PAUSE seconds after each packet.
"""

import sys
import time

from labsync_testing import Stream


def main(address, path, pause, *types):
    stream = Stream(address, types)
    stream.socket.settimeout(None)
    with open(path, "w", encoding="ascii") as file:
        print("ready", flush=True)
        while events := stream.receive():
            file.write("".join(f"{event.seq}\n" for event in events))
            file.flush()
            time.sleep(float(pause))


main(*sys.argv[1:])
