# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each file includes only headers of the rooms it may use, and only that room's libraries."""

import pytest

from c_source import Source
from project_tree import c_files, name

# room -> rooms whose headers it may include, beside its own (agent/README.md draws the arrows)
MAY_USE = {
    "agent/base": (),
    "agent/core/values": ("agent/base",),
    "agent/core": ("agent/core/values", "agent/base"),
    "agent/wire": ("agent/core/values", "agent/base"),
    # The rules judge each event against the row in the same transaction.
    "agent/store": ("ports", "ls-cache-rules.h", "agent/core/values", "agent/base"),
    "agent/deflate": ("agent/base",),
    "agent/transport": ("ports", "agent/core/values", "agent/wire", "agent/deflate", "agent/base"),
    "agent/platform": ("ports", "agent/core/values", "agent/base"),
    "agent/service": ("agent/core", "agent/core/values", "agent/base", "dbus"),
    "agent/daemon": (
        "agent/service", "agent/store", "agent/transport", "agent/platform", "agent/wire",
        "agent/core", "agent/core/values", "agent/base", "dbus",
    ),
    "agent/ctl": ("dbus", "agent/base"),
    "agent/tray": ("dbus", "agent/base"),
    "dbus": ("agent/base",),
    "server/data": ("agent/core/values", "agent/wire", "agent/base"),
    "server": ("server/data", "agent/core/values", "agent/wire", "agent/deflate", "agent/base"),
}

# Headers that the build makes, beside those of the contract.
GENERATED = {"ls-tray-sni.h": "agent/tray", "ls-tray-dbusmenu.h": "agent/tray"}

# Headers of core that its implementers may see.
PORTS = {
    "ls-store.h", "ls-store-keys.h", "ls-queue-store.h", "ls-audit.h", "ls-transport.h", "ls-secrets.h", "ls-network.h",
    "ls-login.h", "ls-app-finder.h", "ls-config.h", "ls-clock.h", "ls-notifier.h",
}

# library -> rooms that may talk to it
LIBRARIES = {
    "libsoup/": {"agent/deflate", "agent/transport", "server"},
    "zlib.h": {"agent/deflate"},
    "sqlite3.h": {"agent/store", "server", "server/data"},
    "libsecret/": {"agent/platform"},
    "sodium.h": {"agent/store"},
    "json-glib/": {"agent/wire", "server", "server/data"},
    "crypt.h": {"server/data"},
    "hiredis/": {"server"},
}

# Rooms without files, sockets, clock or randomness of their own: only these system headers.
PURE = ("agent/core", "agent/core/values", "agent/wire")
PURE_HEADERS = {
    "glib.h", "glib-object.h", "gio/gio.h", "string.h", "math.h", "errno.h",
    "stdint.h", "stddef.h", "stdbool.h",
}


def room_of(path):
    folder = path.rpartition("/")[0]
    while folder and folder not in MAY_USE:
        folder = folder.rpartition("/")[0]
    return folder


def owners(paths):
    """header's base name -> the rooms that have one of that name"""
    found = {}
    for path in paths:
        if path.endswith(".h"):
            found.setdefault(path.rpartition("/")[2], set()).add(room_of(path))
    return found


def owner_of(room, header, known):
    """The room a header comes from: the includer's own first, as for the compiler."""
    rooms = known.get(header.rpartition("/")[2], set())
    if not rooms:
        return "dbus" if header.startswith("ls-dbus") else GENERATED.get(header)
    candidates = [room, *MAY_USE[room], *sorted(rooms)]
    return next(candidate for candidate in candidates if candidate in rooms)


def library_fault(room, header):
    for prefix, rooms in LIBRARIES.items():
        if header.startswith(prefix) and room not in rooms:
            return f"{prefix.rstrip('/')} is not for {room}"
    if room in PURE and header not in PURE_HEADERS and not header.startswith(("glib/", "json-glib/")):
        return f"{room} does not talk to the system"
    return None


def faults(path, text, known):
    room = room_of(path)
    for header, system, line in Source(text).includes:
        if system:
            fault = library_fault(room, header)
        else:
            owner = owner_of(room, header, known)
            base = header.rpartition("/")[2]
            allowed = MAY_USE[room]
            if owner is None:
                fault = "no such header in the tree"
            elif owner == room or owner in allowed:
                fault = None
            elif owner == "agent/core" and (base in allowed or ("ports" in allowed and base in PORTS)):
                fault = None
            else:
                fault = f"{room} may not use {owner}"
        if fault:
            yield f"{path}:{line}: {header}: {fault}"


def test_includes():
    paths = c_files("agent", "dbus", "server")
    known = owners(name(path) for path in paths)
    found = [fault for path in paths for fault in faults(name(path), path.read_text(), known)]
    assert paths
    assert not found, "\n".join(found)


def test_every_folder_belongs_to_a_room():
    lost = {name(path) for path in c_files("agent", "dbus", "server") if not room_of(name(path))}
    assert not lost


@pytest.mark.parametrize(
    "path, line",
    [
        ("agent/core/a.c", '#include "ls-store-sqlite.h"'),
        ("agent/core/a.c", "#include <libsoup/soup.h>"),
        ("agent/core/a.c", "#include <unistd.h>"),
        ("agent/core/a.c", "#include <gio/gunixfdlist.h>"),
        ("agent/base/a.c", '#include "ls-engine.h"'),
        ("agent/store/a.c", '#include "ls-engine.h"'),
        ("agent/store/a.c", "#include <json-glib/json-glib.h>"),
        ("agent/ctl/a.c", '#include "ls-engine.h"'),
        ("agent/ctl/a.c", '#include "ls-tray-sni.h"'),
        ("agent/tray/a.c", '#include "ls-state.h"'),
        ("server/data/a.c", '#include "ls-engine.h"'),
        ("agent/transport/a.c", "#include <zlib.h>"),
        ("agent/service/a.c", '#include "ls-nowhere.h"'),
    ],
)
def test_rejects(path, line):
    known = {"ls-store-sqlite.h": {"agent/store"}, "ls-engine.h": {"agent/core"}}
    assert list(faults(path, f"/* x */\n{line}\n", known))


@pytest.mark.parametrize(
    "path, line",
    [
        ("agent/daemon/a.c", '#include "ls-store-sqlite.h"'),
        ("agent/store/a.c", '#include "ls-store.h"'),
        ("agent/store/a.c", '#include "ls-database.h"'),
        ("server/data/a.c", '#include "ls-database.h"'),
        ("agent/core/a.c", "#include <gio/gio.h>"),
        ("agent/store/a.c", "#include <sqlite3.h>"),
        ("agent/core/a.c", '/* #include "ls-store-sqlite.h" */'),
    ],
)
def test_accepts(path, line):
    known = {
        "ls-store-sqlite.h": {"agent/store"}, "ls-store.h": {"agent/core"},
        "ls-database.h": {"agent/store", "server/data"},
    }
    assert not list(faults(path, line + "\n", known))
