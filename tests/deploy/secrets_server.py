#!/usr/bin/env python3
"""An API server with nothing but Secrets, in a folder: GET, POST and PUT, for who has the token.

secrets_server.py <folder> serves TLS with ca.crt and server.key and writes its port into `port`.
"""
import base64
import http.server
import json
import pathlib
import ssl
import sys

folder = pathlib.Path(sys.argv[1])
SECRETS = "/api/v1/namespaces/prod/secrets"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body):
        # On one line, but for who asks.
        data = json.dumps(body, indent=2 if self.path.endswith("?pretty=true") else None).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def known(self):
        if self.headers["Authorization"] == "Bearer token":
            return True
        self.answer(401, {"reason": "Unauthorized"})
        return False

    def do_GET(self):
        if not self.known():
            return
        secret = folder / "secrets" / self.path.removeprefix(SECRETS + "/").split("?")[0]
        if not secret.is_dir():
            self.answer(404, {"reason": "NotFound"})
            return
        data = {file.name: base64.b64encode(file.read_bytes()).decode() for file in secret.iterdir()}
        self.answer(200, {"kind": "Secret", "data": data})

    def save(self, status):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.known():
            return
        secret = folder / "secrets" / body["metadata"]["name"]
        if secret.exists() != (status == 200):
            self.answer(409, {"reason": "Conflict"})
            return
        secret.mkdir(parents=True, exist_ok=True)
        for name, value in body["data"].items():
            (secret / name).write_bytes(base64.b64decode(value, validate=True))
        self.answer(status, body)

    def do_POST(self):
        self.save(201)

    def do_PUT(self):
        self.save(200)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "ca.crt", folder / "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
(folder / "port").write_text(str(server.server_port))
server.serve_forever()
