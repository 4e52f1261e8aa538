# SPDX-License-Identifier: LGPL-2.1-or-later
"""A link to a server that is far away."""

import asyncio
import threading


class LateLink(threading.Thread):
    """A port on this machine whose every byte comes back from the server so many seconds later."""

    def __init__(self, port, delay):
        super().__init__(daemon=True)
        self.upstream, self.delay = port, delay
        self.loop = asyncio.new_event_loop()
        listener = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = listener.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.join()

    def run(self):
        self.loop.run_forever()
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self):
        links = asyncio.all_tasks() - {asyncio.current_task()}
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def _serve(self, reader, writer):
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self.upstream)
        await asyncio.gather(self._relay(reader, to_server, 0), self._relay(from_server, writer, self.delay))

    async def _relay(self, reader, writer, delay):
        """Hands on what comes, in order, without holding back what comes after."""
        try:
            while data := await reader.read(65536):
                self.loop.call_later(delay, writer.write, data)
        except ConnectionError:
            pass
        self.loop.call_later(delay, writer.close)
