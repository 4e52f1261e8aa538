#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The script that somebody would write in an afternoon: a WebSocket, an SQLite file and the session bus.

Usage: plain_script.py WS-URL DIRECTORY. An event is a transaction and a signal; an action that an app queues is a
transaction that is on the disk when the call is answered.
"""

import asyncio
import json
import sqlite3
import sys
import threading
import uuid
from pathlib import Path

import websockets
from gi.repository import Gio, GLib

NAME = "org.example.School"
PATH = "/org/example/School"
XML = """<node><interface name="org.example.School">
  <method name="Enqueue"><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
  <signal name="Event"><arg type="s"/></signal>
</interface></node>"""
COMPACT = json.JSONEncoder(separators=(",", ":"))


def open_database(path, synchronous, table):
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {synchronous}")
    for statement in table.split(";"):
        database.execute(statement)
    return database


def store_event(database, event):
    database.execute(
        "INSERT INTO events (offset, type, entity, entity_id, data, time) VALUES (?, ?, ?, ?, ?, ?)",
        (event["offset"], event["type"], event["entity"], event["entityId"],
         COMPACT.encode(event["data"]), event["timestamp"]),
    )


async def receive(url, database, connection):
    async with websockets.connect(url, subprotocols=["labsync.v1"], compression=None, max_size=None) as socket:
        await socket.send(COMPACT.encode({"type": "hello"}))
        await socket.recv()  # the welcome
        Gio.bus_own_name_on_connection(connection, NAME, Gio.BusNameOwnerFlags.NONE, None, None)
        async for text in socket:
            for event in json.loads(text).get("events", ()):
                store_event(database, event)
                connection.emit_signal(None, PATH, NAME, "Event", GLib.Variant("(s)", (COMPACT.encode(event),)))


def serve_queue(connection, database):
    def on_call(_connection, _sender, _path, _interface, _method, parameters, invocation):
        action = str(uuid.uuid4())
        database.execute("INSERT INTO actions (id, body) VALUES (?, ?)", (action, parameters[0]))
        invocation.return_value(GLib.Variant("(s)", (action,)))

    interface = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
    connection.register_object(PATH, interface, on_call, None, None)


def main():
    url, directory = sys.argv[1], Path(sys.argv[2])
    connection = Gio.bus_get_sync(Gio.BusType.SESSION)
    events = open_database(
        directory / "events.db", "NORMAL",
        "CREATE TABLE events (offset INTEGER PRIMARY KEY, type, entity, entity_id, data, time);"
        "CREATE INDEX by_type ON events (type);"
        "CREATE INDEX by_row ON events (entity, entity_id)",
    )
    actions = open_database(
        directory / "queue.db", "FULL", "CREATE TABLE actions (id TEXT PRIMARY KEY, body)"
    )
    serve_queue(connection, actions)
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    asyncio.run(receive(url, events, connection))


if __name__ == "__main__":
    main()
