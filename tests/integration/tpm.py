"""Commands of a TPM 2.0 as bytes (TPM 2.0 Library, part 3), and a way to send them from inside a test guest."""

import base64
import struct

OWNER = 0x40000001
NO_PASSWORD = struct.pack(">IIHBH", 9, 0x40000009, 0, 0, 0)
INDEX = 0x01500001
SHA256 = 0x000B
# Owner and index may read and write; wrong passwords do not lock it.
ATTRIBUTES = 0x02060006


def command(code, handles, parameters, tag=0x8002):
    body = b"".join(struct.pack(">I", handle) for handle in handles) + NO_PASSWORD + parameters
    return struct.pack(">HII", tag, 10 + len(body), code) + body


def send(daemon, name, request):
    """The chip's answer; every command must succeed."""
    script = "exec 3<>/dev/tpm0; cat >/tmp/request; dd if=/tmp/request bs=4096 count=1 >&3 2>/dev/null; dd bs=4096 count=1 <&3 2>/dev/null"
    code, answer, errors = daemon.exec(name, "/bin/sh", "-c", script, input=base64.b64encode(request).decode())
    assert code == 0 and len(answer) >= 10, errors
    result = struct.unpack(">I", answer[6:10])[0]
    assert result == 0, f"the TPM refuses with 0x{result:x}"
    return answer


def store(daemon, name, secret):
    public = struct.pack(">IHIHH", INDEX, SHA256, ATTRIBUTES, 0, len(secret))
    send(daemon, name, command(0x12A, [OWNER], struct.pack(">HH", 0, len(public)) + public))
    send(daemon, name, command(0x137, [OWNER, INDEX], struct.pack(">H", len(secret)) + secret + struct.pack(">H", 0)))


def stored(daemon, name, size):
    return send(daemon, name, command(0x14E, [OWNER, INDEX], struct.pack(">HH", size, 0)))[16:16 + size]


def extend(daemon, name, register, digest):
    send(daemon, name, command(0x182, [register], struct.pack(">IH", 1, SHA256) + digest))


def measured(daemon, name, register):
    return daemon.exec(name, "/bin/cat", f"/sys/class/tpm/tpm0/pcr-sha256/{register}")[1].decode().strip()
