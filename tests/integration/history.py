"""Writes what a machine has used as visord keeps it: means in a file, each with its place and a checksum."""

import struct
import zlib

HOUR = (30, 121)
DAY = (900, 97)
MONTH = (10800, 241)
HEADER = struct.pack("<8sIIII8x", b"VISORHIS", 1, HOUR[1], DAY[1], MONTH[1])
NOTHING = 0x7FC0


def upper_half(number):
    """The float's upper half, as a rate is kept."""
    return struct.unpack("<I", struct.pack("<f", number))[0] >> 16


def record(begin, covered, cpu_percent, memory, rate):
    point = struct.pack("<IffHH4H", begin, memory * 0.7, memory, round(cpu_percent * 100), covered, upper_half(rate), upper_half(rate / 3), upper_half(rate / 7), NOTHING)
    return point + struct.pack("<II", zlib.crc32(point), 0)


def spans(width_and_count, now):
    """Begins of all spans that ended before now, and their places."""
    width, count = width_and_count
    last = now // width * width
    return [(begin, begin // width % count) for begin in range(last - (count - 1) * width, last, width)]


def history_file(now, values_at):
    """`values_at(begin)` gives (cpu_percent, memory, rate), or None where the machine was off."""
    content = HEADER
    for table in (HOUR, DAY, MONTH):
        records = [bytes(32)] * table[1]
        for begin, place in spans(table, now):
            values = values_at(begin)
            if values:
                records[place] = record(begin, table[0], *values)
        content += b"".join(records)
    return content
