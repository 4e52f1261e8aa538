# SPDX-License-Identifier: LGPL-2.1-or-later
"""An app in a process of its own that can be stopped: reader.py ADDRESS FILE stream|signal PAUSE TYPE…

Writes the seq of every event into a file, a line each. By stream it waits PAUSE seconds after each packet: no app
can read a byte at a time, as what is not taken of a packet is gone.
"""

import sys
import time

from labsync_testing import App, Stream


def read_packets(address, types, pause):
    stream = Stream(address, types)
    stream.socket.settimeout(None)
    yield []
    while events := stream.receive():
        yield events
        time.sleep(pause)


def read_signals(address, types):
    app = App(address, types)
    yield []
    while True:
        app.until(lambda: app.events, float("inf"))
        yield app.events
        app.events = []


def main(address, path, how, pause, *types):
    batches = read_packets(address, types, float(pause)) if how == "stream" else read_signals(address, types)
    with open(path, "w", encoding="ascii") as file:
        next(batches)
        print("ready", flush=True)
        for events in batches:
            file.write("".join(f"{event.seq}\n" for event in events))
            file.flush()


main(*sys.argv[1:])
