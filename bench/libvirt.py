"""A libvirt of the benchmark's own, from Debian's packages: the daemon is started here and ended here."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

DOMAIN = """<domain type='qemu'>
  <name>bench</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <features><acpi/><apic/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
    <interface type='user'><model type='virtio'/></interface>
    <serial type='pty'/><console type='pty'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <video><model type='virtio'/></video><graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><memballoon model='virtio'/>
  </devices>
</domain>
"""


def missing():
    """Why it cannot be measured here, or an empty text."""
    for program in ("virsh", "libvirtd", "virtlogd"):
        if not shutil.which(program):
            return f"{program} is not installed (tools/install-dependencies --bench)"
    return "" if os.geteuid() == 0 else "qemu:///system needs root"


class Libvirt:
    def __init__(self):
        # QEMU runs as another user there, who must be able to enter.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vl"))
        self.folder.chmod(0o755)
        self.uri = f"qemu+unix:///system?socket={self.folder}/libvirt-sock"
        config = self.folder / "libvirtd.conf"
        config.write_text(f'unix_sock_dir = "{self.folder}"\nauth_unix_rw = "none"\nlisten_tls = 0\nlog_outputs = "3:file:{self.folder}/log"\n')
        self.processes = [self._spawn("virtlogd", "-p", self.folder / "virtlogd.pid"),
                          self._spawn("libvirtd", "-f", config, "-p", self.folder / "libvirtd.pid")]
        try:
            self._wait()
            disk = self.folder / "disk.qcow2"
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1G"], check=True)
            disk.chmod(0o666)
            (self.folder / "bench.xml").write_text(DOMAIN.format(disk=disk))
            self.virsh("define", str(self.folder / "bench.xml"))
        except BaseException:
            self.close()
            raise

    def _spawn(self, program, *arguments):
        with (self.folder / f"{program}.out").open("wb") as output:
            return subprocess.Popen([shutil.which(program), *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def _wait(self):
        deadline = time.monotonic() + 30
        while subprocess.run(["virsh", "-q", "-c", self.uri, "version"], capture_output=True, check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"libvirtd did not come up: {(self.folder / 'libvirtd.out').read_text()[-500:]}")
            time.sleep(0.2)

    def virsh(self, *arguments):
        """Seconds that the command took."""
        began = time.perf_counter()
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *arguments], capture_output=True, text=True, check=False)
        taken = time.perf_counter() - began
        if done.returncode != 0:
            raise RuntimeError(f"virsh {' '.join(arguments)}: {done.stderr.strip()}")
        return taken

    def close(self):
        for arguments in (("destroy", "bench"), ("undefine", "bench")):
            subprocess.run(["virsh", "-q", "-c", self.uri, *arguments], capture_output=True, check=False)
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
