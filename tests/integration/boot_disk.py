"""Disks that UEFI firmware boots: a FAT volume with loaders, and the small test guest behind them."""

import subprocess

from harness import MIB, X86_CMDLINE, guest_folder

GRUB = """linux /vmlinuz {cmdline}
initrd /initrd.img
boot
"""


def make(path, loaders, cmdline="", size=64 * MIB):
    """`loaders`: {name on the volume: name of a file of the test guest}."""
    files = guest_folder() / "x86_64"
    config = path.with_suffix(".cfg")
    config.write_text(GRUB.format(cmdline=f"{X86_CMDLINE} {cmdline}".strip()))
    with path.open("wb") as disk:
        disk.truncate(size)
    run("mformat", path, "-F", "-v", "BOOT")
    run("mmd", path, "::/EFI", "::/EFI/BOOT", "::/EFI/debian")
    for name, source in loaders.items():
        run("mcopy", path, files / source, f"::/{name}")
    for name in ("vmlinuz", "initrd.img"):
        run("mcopy", path, files / name, f"::/{name}")
    run("mcopy", path, config, "::/EFI/debian/grub.cfg")
    return path


def signed(path, cmdline=""):
    """Signed by Microsoft (shim), and from there on by Debian."""
    return make(path, {"EFI/BOOT/BOOTX64.EFI": "shimx64.efi", "EFI/BOOT/grubx64.efi": "grubx64.efi"}, cmdline)


def foreign(path, cmdline=""):
    """Its loader is signed by Debian only, which the firmware does not know."""
    return make(path, {"EFI/BOOT/BOOTX64.EFI": "grubx64.efi"}, cmdline)


def run(tool, path, *arguments):
    subprocess.run([tool, "-i", path, *arguments], check=True, stdout=subprocess.DEVNULL)
