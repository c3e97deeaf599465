"""A folder of src/ includes itself and the folders that tools/floors.txt names for it."""

import re

from .source import Finding, line_of, read_table

# Read from the raw text: the path of an include is a literal.
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/[^"]*"', re.MULTILINE)
# Asio and Beast are slow to compile, so headers leave them to the .cpp files; these few parts are light.
ASIO = re.compile(r"^\s*#\s*include\s+<(boost/(?:asio|beast)[^>]*)>", re.MULTILINE)
LIGHT_ASIO = ("boost/asio/any_io_executor.hpp", "boost/asio/awaitable.hpp", "boost/asio/error.hpp")
WITHOUT_ASIO = ("base", "model")
# The one stream type of the server and the one of the client.
STREAM_HEADERS = ("src/api/connection_websocket.h", "src/client/stream.h")


def check(tree):
    floors = {folder: set(lower.split()) for folder, lower in read_table(tree.root / "tools/floors.txt").items()}
    findings = [Finding("tools/floors.txt", 1, f"knows no folder '{name}' that '{folder}' may use")
                for folder, lower in floors.items() for name in sorted(lower - floors.keys())]
    for path in tree.cpp_files():
        folder = path.split("/")[1]
        if folder not in floors:
            findings.append(Finding(path, 1, f"src/{folder} is not in tools/floors.txt"))
            continue
        findings += check_includes(tree, path, folder, floors)
        findings += check_asio(tree, path, folder)
    return findings


def check_includes(tree, path, folder, floors):
    text = tree.text(path)
    for match in INCLUDE.finditer(text):
        used = match.group(1)
        if used in floors and used != folder and used not in floors[folder]:
            yield Finding(path, line_of(text, match.end()), f"'{folder}' may not include '{used}' (tools/floors.txt)")
        elif used not in floors:
            yield Finding(path, line_of(text, match.end()), f"'{used}/' is no folder of src/")


def check_asio(tree, path, folder):
    barred = folder in WITHOUT_ASIO
    if not barred and (folder == "loop" or not path.endswith(".h") or path in STREAM_HEADERS):
        return
    text = tree.text(path)
    for match in ASIO.finditer(text):
        if barred:
            yield Finding(path, line_of(text, match.end()), f"src/{folder} may not know {match.group(1)}")
        elif match.group(1) not in LIGHT_ASIO:
            yield Finding(path, line_of(text, match.end()), f"a header leaves {match.group(1)} to its .cpp file: forward-declare")
