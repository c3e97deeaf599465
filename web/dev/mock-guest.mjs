// What an invented guest shows: a picture as PNG, a screen that speaks RFB, a serial console that echoes.
import { crc32 } from './crc32.mjs';
import { deflateSync } from 'node:zlib';

function pixel(x, y, width, height, phase) {
  const line = Math.floor(y / (height / 24));
  const column = Math.floor(x / (width / 80));
  const text =
    line > 1 && line < 14 && column > 2 && column < 20 + ((line * 7) % 40) && (column * 7 + line) % 5 !== 0;
  if (text && y % (height / 24) > height / 48) return [210, 214, 220];
  const glow = Math.round(30 + 30 * Math.sin(phase / 5 + (3 * x) / width));
  return [12, 24 + Math.round((40 * y) / height), 40 + glow];
}

export function paint(width, height, phase) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, at += 3) rgb.set(pixel(x, y, width, height, phase), at);
  return rgb;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

export function png(width, height, phase) {
  const rgb = paint(width, height, phase);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1)
    rgb.copy(rows, y * (width * 3 + 1) + 1, y * width * 3, (y + 1) * width * 3);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const width = 800;
const height = 500;

function serverInit() {
  const name = Buffer.from('mock');
  const message = Buffer.alloc(24);
  message.writeUInt16BE(width, 0);
  message.writeUInt16BE(height, 2);
  message.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0], 4);
  message.writeUInt32BE(name.length, 20);
  return Buffer.concat([message, name]);
}

function frame(phase) {
  const rgb = paint(width, height, phase);
  const message = Buffer.alloc(16 + width * height * 4);
  message.writeUInt16BE(1, 2);
  message.writeUInt16BE(width, 8);
  message.writeUInt16BE(height, 10);
  for (let from = 0, to = 16; from < rgb.length; from += 3, to += 4) {
    message[to] = rgb[from];
    message[to + 1] = rgb[from + 1];
    message[to + 2] = rgb[from + 2];
  }
  return message;
}

/** RFB 3.8 without a password; every request for an update gets the whole picture. */
export function serveScreen(socket) {
  const lengths = { 0: 20, 3: 10, 4: 8, 5: 6 };
  let stage = 0;
  let pending = Buffer.alloc(0);
  let phase = 0;
  socket.send(Buffer.from('RFB 003.008\n'));
  const step = () => {
    if (stage === 0 && pending.length >= 12) {
      socket.send(Buffer.from([1, 1]));
      return 12;
    }
    if (stage === 1 && pending.length >= 1) {
      socket.send(Buffer.alloc(4));
      return 1;
    }
    if (stage === 2 && pending.length >= 1) {
      socket.send(serverInit());
      return 1;
    }
    if (stage < 3 || pending.length === 0) return 0;
    const type = pending[0];
    if (type === 2) return pending.length >= 4 ? 4 + 4 * pending.readUInt16BE(2) : 0;
    if (type === 3)
      setTimeout(() => socket.readyState === 1 && socket.send(frame((phase += 1))), phase ? 400 : 0);
    return lengths[type] ?? pending.length;
  };
  socket.on('message', (data) => {
    pending = Buffer.concat([pending, data]);
    for (let used = step(); used > 0 && used <= pending.length; used = step()) {
      pending = pending.subarray(used);
      stage = Math.min(3, stage + 1);
    }
  });
}

export function serveSerial(socket, name) {
  socket.send(
    Buffer.from(
      `\x1b[32m[  OK  ]\x1b[0m Reached target Multi-User System.\r\n\r\nDebian GNU/Linux 12 ${name} ttyS0\r\n\r\n${name} login: `,
    ),
  );
  socket.on('message', (data) => {
    const text = data.toString();
    socket.send(Buffer.from(text === '\r' ? `\r\n${name} login: ` : text));
  });
}
