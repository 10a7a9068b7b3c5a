"""The built image boots, takes what a cloud tells it, and does what a user expects of a guest."""

import io
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pycdlib
import pytest

from stratolith.deploy.guest_image import BuiltImage, build, prepare_built

pytestmark = [
    pytest.mark.guest,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="needs QEMU for x86"),
]

CACHE = Path(__file__).parents[3] / ".cache/guest-image"
SERVICE = Path(__file__).with_name("metadata_service.py")
READY = r"guest: \[[0-9.]+\] ready"
USER_DATA = "#!/bin/sh\necho user data ran as $(id -un) >>/root/user-data\n"


@dataclass
class Guest:
    """A QEMU process with ssh forwarded from loopback, its monitor and its serial console."""

    directory: Path
    key: Path
    arguments: list[str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    forwards: list[str] = field(default_factory=list)
    machine: list[str] = field(
        default_factory=lambda: [
            "qemu-system-x86_64", "-machine", "pc,accel=tcg", "-cpu", "max", "-m", "128",
        ]
    )  # fmt: skip

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        network = ["user,id=n0", f"hostfwd=tcp:127.0.0.1:{self.port}-:22", *self.forwards]
        command = [
            *self.machine, "-nodefaults",
            "-display", "none", "-monitor", f"unix:{self.directory}/mon,server,nowait",
            "-chardev", f"socket,id=s,path={self.directory}/tty,server=on,wait=off,"
            f"logfile={self.directory}/console.log", "-serial", "chardev:s",
            "-netdev", ",".join(network), "-device", "virtio-net-pci,netdev=n0,romfile=",
            "-device", "virtio-rng-pci", *self.arguments,
        ]  # fmt: skip
        self.process = subprocess.Popen(command)

    @property
    def console(self) -> str:
        log = self.directory / "console.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def wait_console(self, pattern: str, seconds: float = 240) -> None:
        wait(lambda: re.search(pattern, self.console), seconds, f"{pattern} on the console")

    def run(self, command: str, seconds: float = 240) -> str:
        """Run a command as cirros by ssh; retried until sshd and the key are there."""
        ssh = [
            "ssh", "-i", str(self.key), "-p", str(self.port), "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "ConnectTimeout=20", "-o", "LogLevel=ERROR", "cirros@127.0.0.1", command,
        ]  # fmt: skip
        end = time.monotonic() + seconds
        while True:
            done = subprocess.run(ssh, capture_output=True, text=True, check=False)
            if done.returncode != 255 or time.monotonic() > end:
                assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
                return done.stdout.strip()
            time.sleep(0.3)

    def monitor(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(f"{self.directory}/mon")
            line.settimeout(60)
            answer = b""
            while not answer.endswith(b"(qemu) "):
                answer += line.recv(4096)
            line.sendall(command.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"(qemu) "):
                answer += line.recv(4096)
            assert b"rror" not in answer, answer

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def wait(check: object, seconds: float, what: str) -> None:
    assert callable(check)
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"no {what} within {seconds} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> BuiltImage:
    out = tmp_path_factory.mktemp("image") / "guest.qcow2"
    said: list[str] = []
    built = build(out, "amd64", CACHE, said.append)
    assert said
    assert list(out.parent.iterdir()) == [out]
    return built


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", str(path)]
    subprocess.run(make, check=True)
    return path


def metadata(key: Path, uuid: str, name: str, **more: str) -> dict[str, object]:
    return {
        "uuid": uuid, "hostname": f"{name}.novalocal", "name": name, **more,
        "meta": {"hostname": "misleading", "note": 'a "quoted", {braced} word'},
        "public_keys": {"mykey": key.with_suffix(".pub").read_text()},
    }  # fmt: skip


def config_drive(path: Path, description: dict[str, object], user_data: str) -> None:
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=4, joliet=3, rock_ridge="1.09", vol_ident="config-2")
    for name in ("openstack", "openstack/latest"):
        iso.add_directory(f"/{name.upper()}", rr_name=Path(name).name, joliet_path=f"/{name}")
    files = {"meta_data.json": json.dumps(description), "user_data": user_data}
    for name, text in files.items():
        data = text.encode()
        place = f"/openstack/latest/{name}"
        iso.add_fp(
            io.BytesIO(data), len(data), f"{place.upper()};1", rr_name=name, joliet_path=place
        )
    iso.write(str(path))
    iso.close()


def overlay(image: Path, path: Path, size: str) -> list[str]:
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(image),
         str(path), size], check=True,
    )  # fmt: skip
    return ["-drive", f"file={path},if=virtio,format=qcow2"]


@pytest.fixture(scope="module")
def guest(
    image: BuiltImage, key: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guest]:
    """A guest with a 1 GiB root disk, a second disk and a config drive."""
    directory = tmp_path_factory.mktemp("guest")
    description = metadata(key, "11111111-aaaa", "demo-1", admin_pass='se "cr\\et')
    config_drive(directory / "config.iso", description, USER_DATA)
    for name in ("second.raw", "third.raw"):
        with (directory / name).open("wb") as file:
            file.truncate(64 << 20)
    arguments = [
        *overlay(image.path, directory / "root.qcow2", "1G"),
        "-drive", f"file={directory}/second.raw,if=virtio,format=raw",
        "-drive", f"file={directory}/config.iso,if=none,id=cd,format=raw,readonly=on",
        "-device", "ide-cd,drive=cd",
    ]  # fmt: skip
    guest = Guest(directory, key, arguments)
    guest.start()
    yield guest
    guest.stop()


def test_image_is_what_it_says(image: BuiltImage) -> None:
    told = subprocess.run(["sha256sum", str(image.path)], capture_output=True, check=True)
    assert told.stdout.decode().split()[0] == image.sha256
    assert image.size == image.path.stat().st_size < 80 << 20
    shown = ["qemu-img", "info", "--output=json", str(image.path)]
    info = json.loads(subprocess.run(shown, capture_output=True, check=True).stdout)
    assert info["format"] == "qcow2"
    assert "backing-filename" not in info
    assert info["virtual-size"] <= 1 << 30


def test_reaches_ready(guest: Guest) -> None:
    guest.wait_console(READY)
    assert "Linux version" in guest.console  # the kernel's messages are there too
    assert "config drive: instance 11111111-aaaa" in guest.console


def test_login_and_host_name(guest: Guest) -> None:
    assert guest.run("id -un; hostname; cat /etc/hostname") == "cirros\ndemo-1\ndemo-1"


def test_sudo_is_root_without_a_word_too_many(guest: Guest) -> None:
    assert guest.run("sudo -n id -u 2>&1") == "0"
    assert guest.run("sudo -u nobody id -un") == "nobody"


def test_user_data_ran_once_as_root(guest: Guest) -> None:
    assert guest.run("sudo cat /root/user-data") == "user data ran as root"


def test_root_file_system_fills_the_disk(guest: Guest) -> None:
    def size() -> int:
        return int(guest.run("df -k / | awk 'NR == 2 { print $2 }'"))

    wait(lambda: size() > 950_000, 30, "grown root file system")


def test_second_disk_takes_a_file_system(guest: Guest) -> None:
    assert "vdb" in guest.run("lsblk -lb --nodeps -o NAME,SIZE").split()
    commands = "sudo mkfs.ext4 -q /dev/vdb && sudo mount /dev/vdb /mnt && df -T /mnt | tail -1"
    assert "ext4" in guest.run(commands)
    assert guest.run("echo kept | sudo tee /mnt/file && sync && sudo umount /mnt") == "kept"


def test_tools_are_there(guest: Guest) -> None:
    names = "ip lsblk blkid nc curl wget mount mkfs mkfs.ext4 resize2fs ping ssh"
    guest.run(f"for name in {names}; do command -v $name || exit 1; done")
    address = guest.run("ip -j -4 addr show eth0")
    assert json.loads(address)[0]["addr_info"][0]["local"] == "10.0.2.15"
    assert guest.run("set -eu -o pipefail; wget -T 2 -t 1 -q http://10.0.2.2:1 || echo $?") == "4"
    guest.run("ping -c 1 -w 5 10.0.2.2")


def test_ipv6_address_by_router_advertisement(guest: Guest) -> None:
    guest.run("ip -6 addr show dev eth0 | grep -q 'inet6 fec0:'")


def test_plugged_disk_shows_up(guest: Guest) -> None:
    guest.monitor(f"drive_add 0 file={guest.directory}/third.raw,format=raw,if=none,id=hot")
    guest.monitor("device_add virtio-blk-pci,drive=hot,id=hotdisk,serial=volume-1")
    wait(lambda: "vdc" in guest.run("lsblk -dn -o NAME"), 15, "plugged disk")
    assert guest.run("cat /sys/block/vdc/serial") == "volume-1"
    guest.monitor("device_del hotdisk")
    wait(lambda: "vdc" not in guest.run("lsblk -dn -o NAME"), 15, "unplugged disk")


def test_plugged_nic_gets_an_address(guest: Guest) -> None:
    guest.monitor("netdev_add user,id=n1,net=10.9.8.0/24,dhcpstart=10.9.8.77")
    guest.monitor("device_add virtio-net-pci,netdev=n1,id=hotnic,romfile=")
    wait(lambda: "10.9.8.77/24" in guest.run("ip -4 addr"), 20, "address of the plugged NIC")
    # The first NIC keeps its rank.
    assert guest.run("ip route get 1.1.1.1 | head -1").split()[4] == "eth0"
    guest.monitor("device_del hotnic")
    wait(lambda: "eth1" not in guest.run("ip link; ps"), 15, "end of the NIC and its DHCP client")


def test_serial_console_takes_the_injected_password(guest: Guest) -> None:
    with socket.socket(socket.AF_UNIX) as tty:
        tty.connect(f"{guest.directory}/tty")
        tty.settimeout(60)
        talk(tty, "\n", "login: ")
        talk(tty, "cirros\n", "assword: ")
        talk(tty, "gocubsgo\n", "incorrect")
        talk(tty, "\n", "login: ")
        talk(tty, "cirros\n", "assword: ")
        talk(tty, 'se "cr\\et\n', "$ ")
        talk(tty, "id -u; tty\n", "1000\r\n/dev/ttyS0")
        talk(tty, "exit\n", "login: ")


def talk(tty: socket.socket, line: str, expected: str) -> None:
    tty.sendall(line.encode())
    heard = b""
    while expected.encode() not in heard:
        more = tty.recv(4096)
        assert more, heard
        heard += more


def test_reboot_keeps_the_instance(guest: Guest) -> None:
    before = guest.run("cat /proc/sys/kernel/random/boot_id; sudo cat /etc/dropbear/*key | md5sum")
    assert guest.process is not None
    guest.run("(sleep 0.5; sudo reboot) >/dev/null 2>&1 &")
    time.sleep(2)
    after = guest.run("cat /proc/sys/kernel/random/boot_id; sudo cat /etc/dropbear/*key | md5sum")
    assert before.splitlines()[0] != after.splitlines()[0]
    assert before.splitlines()[1] == after.splitlines()[1]
    wait(lambda: len(re.findall(READY, guest.console)) == 2, 60, "second ready")
    assert guest.run("sudo cat /root/user-data") == "user data ran as root"


def test_power_button_ends_the_guest(guest: Guest) -> None:
    guest.monitor("system_powerdown")
    assert guest.process is not None
    assert guest.process.wait(120) == 0
    assert "guest: going down" in guest.console
    raw = guest.directory / "root.raw"
    source = str(guest.directory / "root.qcow2")
    subprocess.run(["qemu-img", "convert", "-O", "raw", source, str(raw)], check=True)
    check = ["/sbin/e2fsck", "-fn", f"{raw}?offset=1048576"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_metadata_service(image: BuiltImage, key: Path, tmp_path: Path) -> None:
    """Without a config drive everything comes from 169.254.169.254."""
    tree = tmp_path / "tree"
    for name, text in {
        "openstack/latest/meta_data.json": json.dumps(metadata(key, "2222-bbbb", "demo-2")),
        "openstack/latest/user_data": USER_DATA,
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    guest = start_with_service(image, key, tmp_path, tree)
    try:
        assert guest.run("hostname; sudo cat /root/user-data").splitlines() == [
            "demo-2", "user data ran as root"
        ]  # fmt: skip
        guest.wait_console("metadata service: instance 2222-bbbb")
    finally:
        guest.stop()


def test_ec2_metadata(image: BuiltImage, key: Path, tmp_path: Path) -> None:
    """A service that knows only Amazon's paths."""
    tree = tmp_path / "tree/latest"
    (tree / "meta-data/public-keys/0").mkdir(parents=True)
    (tree / "meta-data/instance-id").write_text("i-00000003")
    (tree / "meta-data/hostname").write_text("demo-3.novalocal")
    (tree / "meta-data/public-keys/0/openssh-key").write_text(key.with_suffix(".pub").read_text())
    (tree / "user-data").write_text(USER_DATA)
    guest = start_with_service(image, key, tmp_path, tree.parent)
    try:
        guest.wait_console(READY)
        assert guest.run("hostname; sudo cat /root/user-data").splitlines() == [
            "demo-3", "user data ran as root"
        ]  # fmt: skip
    finally:
        guest.stop()


@pytest.mark.skipif(shutil.which("qemu-system-aarch64") is None, reason="needs QEMU for ARM")
def test_arm64_guest_boots_by_uefi(key: Path, tmp_path: Path) -> None:
    """Key, host name and user data by the metadata service, on a larger disk."""
    path = prepare_built("arm64", CACHE, print)
    tree = tmp_path / "tree/openstack/latest"
    tree.mkdir(parents=True)
    (tree / "meta_data.json").write_text(json.dumps(metadata(key, "4444-dddd", "arm-1")))
    (tree / "user_data").write_text(USER_DATA)
    guest = Guest(tmp_path, key, overlay(path, tmp_path / "root.qcow2", "1G"))
    guest.machine = [
        "qemu-system-aarch64", "-machine", "virt,accel=tcg", "-cpu", "max,pauth-impdef=on",
        "-m", "256", "-bios", "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    ]  # fmt: skip
    guest.forwards = service_network(tree.parent.parent)
    guest.start()
    try:
        told = "uname -m; hostname; sudo cat /root/user-data; dbclient -V 2>&1; ls /sys/firmware"
        machine, name, data, *rest = guest.run(told, 90).splitlines()
        assert (machine, name, data) == ("aarch64", "arm-1", "user data ran as root")
        assert "efi" in " ".join(rest).split()
        size = "df -k / | awk 'NR == 2 { print $2 }'"
        wait(lambda: int(guest.run(size)) > 950_000, 30, "grown root file system")
        guest.monitor("system_powerdown")
        assert guest.process is not None
        assert guest.process.wait(120) == 0
    finally:
        guest.stop()


def test_the_same_packages_give_the_same_image(image: BuiltImage, tmp_path: Path) -> None:
    assert build(tmp_path / "again.qcow2", "amd64", CACHE, print).sha256 == image.sha256


def start_with_service(image: BuiltImage, key: Path, directory: Path, tree: Path) -> Guest:
    """A guest in whose network 169.254.169.254 serves the files of `tree`."""
    guest = Guest(directory, key, overlay(image.path, directory / "root.qcow2", "1G"))
    guest.forwards = service_network(tree)
    guest.start()
    return guest


def service_network(tree: Path) -> list[str]:
    return [
        "net=169.254.0.0/16", "host=169.254.0.2", "dhcpstart=169.254.0.15",
        f"guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {SERVICE} {tree}",
    ]  # fmt: skip
