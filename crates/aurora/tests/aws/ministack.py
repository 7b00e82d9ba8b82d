"""MiniStack in moto's place: another emulator's word on the same requests, behind the same recorder.

It starts for the first test that plans for it, and has a process of its own. Without the `docker`
package beside it, it starts no servers: a cluster's endpoint is a name.
"""

import atexit
import http.client
import os
import socket
import subprocess
import sys
import time
import urllib.parse

STARTS_WITHIN_S = 60


class MiniStack:
    def __init__(self):
        self.port = None

    def start(self):
        """Until it answers."""
        if self.port:
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(process.kill)
        self.process = process
        until = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("MiniStack does not start") from None
                time.sleep(0.05)
        self.port = port

    def reset(self):
        status, _, answer = self.ask("POST", "/_ministack/reset", b"", {})
        if status != 200:
            raise RuntimeError(f"MiniStack: {answer}")

    def ask(self, method, path, body, headers):
        """Status, type and text of its answer to a request, given on as it came."""
        inner = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        passed = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection", "content-length")}
        inner.request(method, path, body, passed)
        reply = inner.getresponse()
        return reply.status, reply.getheader("Content-Type", "text/xml"), reply.read()

    def call(self, params):
        """A call of somebody else than howdah."""
        scope = "Credential=AKIAEXAMPLE/20260501/eu-central-1/rds/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urllib.parse.urlencode({"Version": "2014-10-31", **params}).encode()
        status, _, answer = self.ask("POST", "/", body, headers)
        if status != 200:
            raise RuntimeError(f"MiniStack: {answer}")

    def stop(self):
        if self.port:
            self.process.kill()
