"""The part of the hub's protocol that reading a data set needs, over a folder of made-up repositories."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@contextmanager
def serve(root: Path, commits: Mapping[str, str]) -> Iterator[str]:
    """The address of a hub that holds the data sets in `root`, each at its one commit, for the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(self._parts())

        def do_GET(self) -> None:
            self._answer(self._parts())

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(self._parts(), asked.get("paths"))

        def _parts(self) -> list[str]:
            return unquote(urlsplit(self.path).path).strip("/").split("/")

        def _answer(self, parts: list[str], paths: list[str] | None = None) -> None:
            # api/datasets/OWNER/NAME/WHAT/REVISION/..., or datasets/OWNER/NAME/resolve/REVISION/FILE
            parts = parts[1:] if parts[0] == "api" else parts
            name, what, rest = "/".join(parts[1:3]), parts[3] if len(parts) > 3 else "info", parts[5:]
            folder = root / name
            if name not in commits or (len(parts) > 4 and parts[4] not in ("main", commits[name])):
                self._say(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif what == "resolve":
                self._file(folder.joinpath(*rest), commits[name])
            elif what == "tree":
                self._json([entry(folder, path) for path in sorted(folder.joinpath(*rest).rglob("*"))])
            elif what == "paths-info":
                found = [folder / path for path in paths or []]
                self._json([entry(folder, path) for path in found if path.exists()])
            else:
                files = [{"rfilename": str(p.relative_to(folder))} for p in folder.rglob("*") if p.is_file()]
                self._json(
                    {"id": name, "sha": commits[name], "private": False, "tags": [], "siblings": files}
                )

        def _file(self, path: Path, commit: str) -> None:
            if not path.is_file():
                return self._say(404, b"", {"X-Error-Code": "EntryNotFound"})
            content = path.read_bytes()
            return self._say(200, content, {"X-Repo-Commit": commit, "ETag": f'"{digest(content)}"'})

        def _json(self, content: object) -> None:
            self._say(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

        def _say(self, code: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(code)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def entry(folder: Path, path: Path) -> dict[str, object]:
    """What the hub lists of a file or a folder."""
    listed = {"path": str(path.relative_to(folder)), "type": "directory" if path.is_dir() else "file"}
    content = b"" if path.is_dir() else path.read_bytes()
    return {**listed, "oid": digest(content), "size": len(content)}


def digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
