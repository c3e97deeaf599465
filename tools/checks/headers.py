"""Each header is complete by itself.

For a header with a .cpp file of the same name the build proves it, as long as that file includes it first. The others are
compiled alone; what compiled once is remembered by the hash of all that it includes of ours.
"""

import concurrent.futures
import hashlib
import os
import re
import subprocess

from .source import Finding, cache_folder

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
ANY_INCLUDE = re.compile(r'^\s*#\s*include\s+([<"][^>"]+[>"])', re.MULTILINE)
COMPILER = ["clang++-16", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-pragma-once-outside-header", "-DBOOST_ASIO_NO_DEPRECATED",
            "-DBOOST_ASIO_DISABLE_BOOST_REGEX", '-DVISOR_VERSION="0"', "-x", "c++"]


def closure(tree, path, seen=None):
    """The header and all of ours that it includes."""
    seen = set() if seen is None else seen
    if path not in seen and (tree.root / path).exists():
        seen.add(path)
        for name in INCLUDE.findall(tree.text(path)):
            closure(tree, f"src/{name}", seen)
    return seen


def digest(tree, path):
    state = hashlib.sha256(" ".join(COMPILER).encode())
    for name in sorted(closure(tree, path)):
        state.update(f"{name}\0{tree.text(name)}\0".encode())
    return state.hexdigest()


def compile_alone(tree, path, cache):
    mark = cache / digest(tree, path)
    if mark.exists():
        return None
    done = subprocess.run([*COMPILER, "-Isrc", path], cwd=tree.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        mark.touch()
        return None
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return Finding(path, 1, f"does not compile alone: {errors[0] if errors else done.stderr.strip()}")


def is_proved_by_build(tree, header):
    """Whether the .cpp file of the same name includes the header before anything else."""
    source = header[:-2] + ".cpp"
    if not (tree.root / source).exists():
        return False
    includes = ANY_INCLUDE.findall(tree.text(source))
    return bool(includes) and includes[0] == f'"{header.removeprefix("src/")}"'


def check(tree):
    cache = cache_folder("headers")
    headers = [path for path in tree.cpp_files() if path.endswith(".h") and not is_proved_by_build(tree, path)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: compile_alone(tree, path, cache), headers)
    return [finding for finding in results if finding]
