"""What applications in Python read in a header: Flask on the server that it comes with
(WSGI), and an ASGI application on uvicorn, which decodes the bytes as Starlette and
Django do."""

import json
import logging
import socket
import sys
import threading
from urllib.parse import unquote

import flask
import uvicorn
from werkzeug.serving import make_server

logging.disable(logging.INFO)
HEADER = "x-proconnect-usual-name"


def answer(raw, names):
    return json.dumps({"raw": raw, "decoded": unquote(raw), "names": [name.lower() for name in names]})


site = flask.Flask(__name__)


@site.route("/", defaults={"path": ""})
@site.route("/<path:path>")
def echo(path):
    headers = flask.request.headers
    return flask.Response(answer(headers.get(HEADER, ""), headers.keys()), mimetype="application/json")


async def asgi(scope, receive, send):
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = answer(headers.get(HEADER, ""), headers).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


def tell(name, port):
    print(json.dumps({"name": name, "port": port}), flush=True)


wsgi = make_server("127.0.0.1", 0, site, threaded=True)
threading.Thread(target=wsgi.serve_forever, daemon=True).start()
tell("flask", wsgi.server_port)

listener = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(asgi, log_level="error", lifespan="off"))
server.install_signal_handlers = lambda: None
threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
tell("uvicorn", listener.getsockname()[1])
sys.stdin.read()
