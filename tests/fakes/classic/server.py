# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start and end of the program, and its connections."""

import asyncio
import signal

from .http import Connection
from .school import School


class Listener:
    """Accepts connections, and ends them all with the program."""

    def __init__(self, respond):
        self._respond = respond
        self._connections = set()
        self._server = None

    async def start(self, host, port):
        """Returns the URL."""
        self._server = await asyncio.start_server(self._on_connection, host, port)
        name, number = self._server.sockets[0].getsockname()[:2]
        return f"http://{f'[{name}]' if ':' in name else name}:{number}"

    async def _on_connection(self, reader, writer):
        self._connections.add(asyncio.current_task())
        try:
            await Connection(reader, writer, self._respond).run()
            await writer.wait_closed()
        except ConnectionError:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(asyncio.current_task())

    async def stop(self):
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections)


async def serve(options, host, port):
    """Runs until SIGTERM or SIGINT; says where it listens."""
    school = School(options)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    listeners = [Listener(school.respond)]
    print(f"listening on {await listeners[0].start(host, port)}", flush=True)
    if isinstance(options.control, int):
        listeners.append(Listener(school.respond_to_control))
        print(f"control on {await listeners[1].start('127.0.0.1', options.control)}", flush=True)
    await ended.wait()
    for listener in listeners:
        await listener.stop()
    school.database.close()
