"""Other users of a host: their names exist only in a mount namespace of the test, so the host's own accounts stay as they are."""

import os
import pathlib
import shutil

USER, USER_ID = "visor-tester", 61184
GROUP, GROUP_ID = "visor", 61185
QEMU_USER, QEMU_ID = "visor-qemu", 61186
ENTRIES = {
    "passwd": f"{USER}:x:{USER_ID}:{USER_ID}::/nonexistent:/bin/sh\n{QEMU_USER}:x:{QEMU_ID}:{QEMU_ID}::/nonexistent:/bin/false\n",
    "group": f"{USER}:x:{USER_ID}:\n{GROUP}:x:{GROUP_ID}:\n{QEMU_USER}:x:{QEMU_ID}:\n",
    "subuid": f"{USER}:3000000:65536\n",
    "subgid": f"{USER}:3000000:65536\n",
}


def own_namespace(folder, *setup):
    """The start of a command line: a mount namespace with these accounts (and what the shell commands `setup` do in it).

    For root. Whoever is not root becomes the root of a user namespace.
    """
    folder.mkdir()
    commands = list(setup)
    for name, entries in ENTRIES.items():
        (folder / name).write_text(without_ours(pathlib.Path("/etc", name).read_text()) + entries)
        commands.append(f"mount --bind {folder / name} /etc/{name}")
    user = [] if os.geteuid() == 0 else ["--map-root-user", "--map-auto"]
    return ["unshare", *user, "--mount", "--propagation", "private", "sh", "-c", " && ".join([*commands, 'exec "$@"']), "sh"]


def without_ours(text):
    names = (USER, GROUP, QEMU_USER)
    return "".join(line for line in text.splitlines(keepends=True) if line.split(":")[0] not in names)


def become(user_id, *groups):
    """The start of a command line: an ordinary user without any rights of whoever calls it."""
    supplementary = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    return ["setpriv", "--reuid", str(user_id), "--regid", str(user_id), *supplementary, "--"]


def copy_programs(source, target):
    """Where every user may run them: the checkout may be in a folder that is private to its owner."""
    target.mkdir(parents=True)
    for name in ("visord", "visor"):
        shutil.copy(source / name, target / name)
    return target
