"""A small WebSocket client (RFC 6455): enough for consoles and events, with the frames visible to tests."""

import base64
import hashlib
import os
import socket
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The server answered the handshake with another status than 101."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:200]!r}")
        self.status = status
        self.body = body


class WebSocket:
    def __init__(self, connection, path, headers=None, protocol=None):
        self.socket = connection
        self.buffer = b""
        self.closed = False
        self._handshake(path, headers or {}, protocol)

    def _handshake(self, path, headers, protocol):
        key = base64.b64encode(os.urandom(16))
        lines = {"Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": key.decode(), **headers}
        if protocol:
            lines["Sec-WebSocket-Protocol"] = protocol
        head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        self.socket.sendall(head.encode())
        answer, self.headers = self._read_head()
        status = int(answer.split()[1])
        if status != 101:
            raise Refused(status, self._read_rest())
        expected = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        assert self.headers.get("sec-websocket-accept") == expected, self.headers
        self.protocol = self.headers.get("sec-websocket-protocol")

    def _read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            self._fill(time.monotonic() + 15)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        return lines[0], {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    def _read_rest(self):
        want = int(self.headers.get("content-length", 0))
        while len(self.buffer) < want:
            self._fill(time.monotonic() + 5)
        return self.buffer

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("nothing came over the WebSocket in time")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 16)
        except socket.timeout:
            raise TimeoutError("nothing came over the WebSocket in time") from None
        if not data:
            raise ConnectionError("the other side hung up")
        self.buffer += data

    def _take(self, count, deadline):
        while len(self.buffer) < count:
            self._fill(deadline)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, data, opcode=BINARY):
        mask = os.urandom(4)
        length = len(data)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def receive(self, timeout=15):
        """The next whole message's bytes; answers pings; b"" after the other side closed."""
        deadline = time.monotonic() + timeout
        message = b""
        while True:
            final, opcode, payload = self._read_frame(deadline)
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                self.closed = True
                self.close_code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                return b""
            elif opcode != PONG:
                message += payload
                if final:
                    return message

    def _read_frame(self, deadline):
        first, second = self._take(2, deadline)
        assert not second & 0x80, "a server never masks"
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self._take(2, deadline))[0]
        elif length == 127:
            length = struct.unpack("!Q", self._take(8, deadline))[0]
        return bool(first & 0x80), first & 0x0F, self._take(length, deadline)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ByteStream:
    """Messages as one stream of bytes."""

    def __init__(self, web_socket):
        self.web_socket = web_socket
        self.data = b""

    def read(self, count, timeout=15):
        deadline = time.monotonic() + timeout
        while len(self.data) < count:
            self._more(deadline)
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def read_until(self, text, timeout=60):
        """Everything up to and with `text`."""
        wanted = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + timeout
        while wanted not in self.data:
            try:
                self._more(deadline)
            except TimeoutError:
                raise TimeoutError(f"{wanted!r} did not come; the last bytes were {self.data[-400:]!r}") from None
        end = self.data.index(wanted) + len(wanted)
        taken, self.data = self.data[:end], self.data[end:]
        return taken

    def send(self, text):
        self.web_socket.send(text.encode() if isinstance(text, str) else text)

    def _more(self, deadline):
        message = self.web_socket.receive(max(deadline - time.monotonic(), 0))
        if self.web_socket.closed:
            raise ConnectionError(f"closed; the last bytes were {self.data[-400:]!r}")
        self.data += message
