#!/usr/bin/env python3
"""`echo.py ADDRESS PORT`: an HTTP server whose whole answer is its caller's address."""

import http.server
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # the name that http.server looks for
        body = f"{self.client_address[0]}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Echo).serve_forever()
