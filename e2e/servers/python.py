"""Python's http.server, once with urlsplit as its users write it, once with files.

The answers name what was served, as node.mjs has it."""

import json
import os
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


def read(path):
    names = []
    if path == "/admin" or path.startswith("/admin/"):
        names.append("admin")
    if path.endswith(".pdf"):
        names.append("pdf")
    names.append("public" if path.startswith("/public/") else "closed")
    return " ".join(f"SERVED:{name}:" for name in names)


class Quiet:
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass


class Split(Quiet, BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            body = read(unquote(urlsplit(self.path).path)).encode()
        except ValueError:
            self.send_error(400)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


class Files(Quiet, SimpleHTTPRequestHandler):
    pass


handlers = {"python-urlsplit": Split, "python-files": partial(Files, directory=os.environ["FILES"])}
for name, handler in handlers.items():
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"name": name, "port": server.server_port}), flush=True)
sys.stdin.read()
