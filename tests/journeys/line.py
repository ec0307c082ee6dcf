"""The line between browsers and the program: a relay whose websockets can be cut, silently or not."""

import contextlib
import socket
import threading

WEBSOCKET = b"GET /live"


class Line:
    """Relays a port of this machine to another one. ``cut`` ends what is live and lets nothing live through."""

    def __init__(self, port: int) -> None:
        self.url = f"http://localhost:{port}"
        self._target = 0
        self._down = False
        self._live: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def leads_to(self, port: int) -> None:
        self._target = port

    def cut(self) -> None:
        """From now on no websocket."""
        self._down = True
        for one in self._live:
            _end(one)
        self._live.clear()

    def mend(self) -> None:
        """Everything gets through again."""
        self._down = False

    def close(self) -> None:
        self._door.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._relay, args=(self._door.accept()[0],), daemon=True).start()

    def _relay(self, browser: socket.socket) -> None:
        with contextlib.suppress(OSError):
            first = browser.recv(65536)
            is_live = first.startswith(WEBSOCKET)
            if is_live and self._down:
                _end(browser)
                return
            program = socket.create_connection(("127.0.0.1", self._target))
            if is_live:
                self._live += [browser, program]
            program.sendall(first)
            threading.Thread(target=_pump, args=(program, browser), daemon=True).start()
            _pump(browser, program)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _end(target)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
