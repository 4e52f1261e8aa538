#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests/demo shows, once everything is built."""

import json
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from labsync_testing import Desktop, Server, program, until

STUDENT = "student@demo.test"
TEACHER = "teacher@demo.test"


class Show:
    """Numbers the steps, and stops at the first that does not hold."""

    def __init__(self):
        self.number = 0
        self.began = time.monotonic()

    def step(self, text):
        self.number += 1
        print(f"\n{self.number}. {text}", flush=True)

    def say(self, text):
        print(f"   {text}", flush=True)

    def command(self, desktop, *arguments, text=None, codes=(0,)):
        """Runs labsyncctl in sight and returns what it printed."""
        print(f"   $ labsyncctl {shlex.join(arguments)}")
        result = desktop.ctl(*arguments, text=text)
        lines = (result.out + result.err).splitlines()
        for line in lines if len(lines) <= 12 else [*lines[:11], "…"]:
            print(f"     {line}")
        self.check(result.code in codes, f"labsyncctl ended with {result.code}")
        return result.out

    @staticmethod
    def check(holds, text):
        if not holds:
            raise AssertionError(text)


class Watch:
    """A running `labsyncctl watch --json`: its lines, each with the time it came."""

    def __init__(self, desktop, *types):
        self.lines = queue.Queue()
        self.process = subprocess.Popen(
            [program("labsyncctl"), "watch", *types, "--json"],
            env=desktop.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put((time.monotonic(), json.loads(line)))

    def next(self, seconds=10):
        try:
            return self.lines.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"no event within {seconds} s") from None

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def wait_for_watch(watch, edit):
    """Edits until the first event arrives, as nothing says when a watch has begun."""
    for score in range(1, 100):
        edit(score)
        try:
            watch.next(0.3)
            break
        except AssertionError:
            continue
    while not watch.lines.empty():
        watch.lines.get()


def show_live(show, desktop, watch, teacher, row_id):
    show.step("A teacher edits a grade on the server; the student's machine shows it")
    wait_for_watch(watch, lambda score: teacher.update("grades", row_id, score=score))
    for score in (71, 84, 92):
        before = time.monotonic()
        teacher.update("grades", row_id, score=score)
        came, event = watch.next()
        show.say(f"teacher: score {score}   app: {event['type']}, score {event['data']['score']}, "
                 f"after {(came - before) * 1000:.0f} ms")
        show.check(event["data"]["score"] == score and event["entity_id"] == row_id, f"got {event}")
        show.check(came - before < 1, "more than a second")
    cached = json.loads(desktop.ctl("get", "grade", row_id, "--json").out)
    show.check(cached["data"]["score"] == 92, "the cache has another score")


def show_cut(show, server, desktop, row_id):
    show.step("The server dies (kill -9): the machine says so and goes on from its cache")
    server.kill()
    desktop.wait_state("waiting", seconds=20)
    show.command(desktop, "status", codes=(10,))
    show.command(desktop, "get", "grade", row_id)
    show.command(desktop, "list", "announcement")


def show_return(show, server, desktop, watch, row_id):
    show.step("The server is back, and the teacher has edited three times before the machine looks")
    desktop.ctl("disconnect")
    server.start()
    teacher = server.person(TEACHER)
    for score in (61, 62, 63):
        teacher.update("grades", row_id, score=score)
        show.say(f"teacher: score {score}")
    desktop.ctl("connect")
    desktop.wait_state("live", seconds=30)
    got = [watch.next()[1]["data"]["score"] for _ in range(3)]
    show.say(f"app: {', '.join(map(str, got))}")
    show.check(got == [61, 62, 63], "not each once and in order")
    teacher.update("grades", row_id, score=64)
    show.check(watch.next()[1]["data"]["score"] == 64, "something arrived twice")
    show.say("each once, in order, and nothing twice")


def show_offline_work(show, server, desktop, teacher, row_id):
    show.step("A teacher's machine is offline; the teacher corrects a grade all the same")
    show.command(desktop, "sign-out")
    show.command(desktop, "sign-in", TEACHER, text="demo\n")
    desktop.wait_state("live", seconds=20)
    before = teacher.call("GET", f"/api/grades/{row_id}").body["data"]
    server.kill()
    desktop.wait_state("waiting", seconds=20)
    show.command(desktop, "queue", "add", "--type", "update", "--entity", "grade", "--entity-id", row_id,
                 "--data", '{"score":99}')
    show.command(desktop, "queue", "list")
    row = json.loads(desktop.ctl("get", "grade", row_id, "--json").out)
    show.say(f"an app reads: score {row['data']['score']}, source {row['source']}")
    show.check(row["data"]["score"] == 99 and row["source"] == "merged", "the correction is not to be seen")

    show.step("The agent is killed, the server is back: the correction arrives, once")
    desktop.kill()
    server.start()
    desktop.start()
    desktop.wait_state("live", seconds=20)
    until(lambda: desktop.bus.property("Queue", "Pending") + desktop.bus.property("Queue", "InFlight") == 0,
          seconds=60, what="the queue to be empty")
    show.command(desktop, "queue", "list")
    after = teacher.call("GET", f"/api/grades/{row_id}").body["data"]
    show.say(f"server: score {after['score']}, {after['version'] - before['version']} version later")
    show.check(after["score"] == 99, "the correction is not at the server")
    show.check(after["version"] == before["version"] + 1, "it was not applied once")


def show_kill(show, desktop):
    show.step("The agent dies (kill -9), too: started again, it signs in by itself")
    desktop.kill()
    desktop.start()
    desktop.wait_state("live", seconds=20)
    show.command(desktop, "status")


def run(show, stack, directory):
    show.step("A school's server with a demo school, and a lab machine: its own bus, home and keyring")
    server = stack.enter_context(Server(directory / "server"))
    show.say(f"labsync-server: {server.url}")
    # A school waits longer between attempts; a demo should not.
    desktop = stack.enter_context(Desktop(directory / "machine", server.url, Connection_reconnect_max="1s"))
    show.say("labsync-agent: org.labsync.Agent is on the bus")

    show.step("A student signs in")
    show.command(desktop, "sign-in", STUDENT, text="demo\n")
    desktop.wait_state("live", seconds=20)
    show.command(desktop, "status")
    show.command(desktop, "list", "grade")

    teacher = server.person(TEACHER)
    own = {row["id"] for row in server.person(STUDENT).rows("grades")}
    row_id = next(row["id"] for row in teacher.rows("grades") if row["id"] in own)
    watch = Watch(desktop, "grade_updated")
    stack.callback(watch.close)
    show_live(show, desktop, watch, teacher, row_id)
    show_cut(show, server, desktop, row_id)
    show_return(show, server, desktop, watch, row_id)
    until(lambda: desktop.state() == "live", what="live")
    show_kill(show, desktop)
    show_offline_work(show, server, desktop, teacher, row_id)


def main():
    show = Show()
    directory = Path(tempfile.mkdtemp(prefix="ls-"))
    try:
        with ExitStack() as stack:
            run(show, stack, directory)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        print(f"\nStep {show.number} failed: {error}", file=sys.stderr)
        log = directory / "machine/agent.log"
        if log.exists():
            print("The agent's log ends with:\n" + log.read_text()[-2000:], file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"\nAll {show.number} steps held, in {time.monotonic() - show.began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
