"""`up`: start the cloud, step by step; a second run skips the steps that are done."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from stratolith.deploy import (
    belongings,
    config_file,
    credentials,
    external,
    files,
    ovn_packages,
    people,
    personal,
    steps,
    summary,
    validation,
)
from stratolith.deploy.api_client import ApiClient, wait_for
from stratolith.deploy.checks import requirements
from stratolith.deploy.errors import DeployError
from stratolith.deploy.images import first_images
from stratolith.deploy.layout import Layout
from stratolith.deploy.steps import Report, Step
from stratolith.deploy.supervision import running
from stratolith.kernel.bootstrap import Seed, SeedExternal, SeedKeypair
from stratolith.kernel.config import Settings
from stratolith.network.settings import NetworkSettings

HOST_SECONDS = 30.0


@dataclass
class Wishes:
    """Values of the command line; None: keep the setting of the cloud, else the default."""

    external_cidr: str | None = None
    external_range: str | None = None
    external_gateway: str | None = None
    listen: str | None = None
    port_offset: int | None = None
    image: str | None = None
    names: Literal["stratolith", "kolla"] | None = None
    fake: bool = False
    foreground: bool = False
    image_cache: Path = field(default_factory=lambda: Path(".cache/guest-image"))


class Up:
    """The steps of `up` for one cloud; each step relies on the steps before it."""

    def __init__(self, layout: Layout, wishes: Wishes, report: Report) -> None:
        self.layout = layout
        self.wishes = wishes
        self.report = report
        self.person = people.caller()
        self.supervisor: Any = None
        self.is_new = not layout.config.exists()
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = self.layout.settings()
        return self._settings

    def steps(self) -> list[Step]:
        """In order; the checks come before anything is written."""
        return [
            Step("Host", self._is_host_fit, self._refuse_unfit),
            Step("External network", self._is_seeded, self._check_external),
            Step("Ports", self._are_ports_ours, self._check_ports),
            Step("Directories", self._has_directories, self._make_directories),
            Step("Configuration", self._is_configured, self._configure),
            Step("Secrets", lambda: credentials.has_all_secrets(self.layout), self._make_secrets),
            Step("Guest image and key pair", self._is_seeded, self._make_seed),
            Step("Network driver", self._has_driver, self._install_driver),
            Step("Processes", self._is_started, self._start),
            Step("Guests", lambda: not self.layout.stopped_guests.exists(), self._resume),
            Step("Client files", self._has_client_files, self._write_client_files),
        ]

    # The host -----------------------------------------------------------------------------

    def _is_fake(self) -> bool:
        return self.wishes.fake or (not self.is_new and self.settings.fake)

    def _is_host_fit(self) -> bool:
        if not self.is_new and self.wishes.fake and not self.settings.fake:
            raise DeployError(
                f"The cloud in {self.layout.state_dir} runs real guests; --fake cannot turn it "
                "into a simulated one.",
                "give the simulated one a directory of its own: --state-dir DIR",
            )
        if self._is_fake():
            return True
        return os.geteuid() == 0 and not requirements.missing_packages()

    def _refuse_unfit(self) -> str | None:
        if os.geteuid() != 0:
            raise DeployError(
                "Running guests needs root.", "use sudo, or simulate the hosts with --fake"
            )
        missing = " ".join(requirements.missing_packages())
        raise DeployError(
            f"These packages are missing: {missing}.",
            f"apt-get install --no-install-recommends {missing}",
        )

    # External network ---------------------------------------------------------------------

    def _external(self) -> SeedExternal:
        wishes = self.wishes
        return external.choose(
            wishes.external_cidr, wishes.external_range, wishes.external_gateway, os.environ
        )

    def validate(self) -> None:
        """Check all wishes before anything is written, stopped or started."""
        belongings.require_usable(self.layout)
        settings = validation.wished_settings(self.layout, self._values(), is_new=self.is_new)
        validation.require_plugins(settings)
        self._is_host_fit()
        if not self._is_fake():
            validation.require_alone(settings)
        if not self._is_seeded():
            external.require_apart(self._external(), settings.of(NetworkSettings).private_cidr)
        validation.require_listenable(settings)
        validation.require_policies(self.layout.state_dir)
        if not running.is_current(self.layout) or self.is_new:
            validation.require_database(self.layout, settings)

    def _check_external(self) -> str | None:
        chosen = self._external()
        if not self._is_fake():
            external.require_no_overlap(chosen, external.host_networks())
        return f"{chosen.cidr}, floating IPs {chosen.range_start} to {chosen.range_end}"

    # Ports --------------------------------------------------------------------------------

    def _are_ports_ours(self) -> bool:
        return not self.is_new and self._is_configured() and bool(running.pids(self.layout))

    def _check_ports(self) -> str | None:
        settings = validation.wished_settings(self.layout, self._values(), is_new=self.is_new)
        disk = requirements.disk(settings)
        if not disk.is_met and self.is_new:
            raise DeployError(
                f"Too little {disk.what}: {disk.actual}, needed are {disk.wanted}.", disk.fix
            )
        # Ports of this cloud's own processes count as free: they are stopped first.
        own = set(running.pids(self.layout).values())
        for finding in requirements.taken_ports(settings, own):
            if not finding.is_met:
                raise DeployError(f"{finding.what.capitalize()} is {finding.actual}.", finding.fix)
        if own:
            running.stop(self.layout)
        return None

    # Files --------------------------------------------------------------------------------

    def _directories(self) -> dict[Path, int]:
        # Other users may enter the directory to reach their own files, but cannot list it.
        closed, passage = 0o700, 0o711
        layout = self.layout
        return {
            layout.state_dir: passage,
            layout.run_dir: passage,
            layout.keys: passage,
            layout.logs: 0o750,
            layout.lock("server").parent: closed,
        }

    def _has_directories(self) -> bool:
        return all(path.is_dir() for path in self._directories())

    def _make_directories(self) -> str | None:
        for path, mode in self._directories().items():
            if not path.is_dir():
                path.mkdir(parents=True)
                path.chmod(mode)
        return str(self.layout.state_dir)

    def _values(self) -> dict[str, dict[str, Any]]:
        """The settings that the command line writes to the configuration file."""
        wishes, layout = self.wishes, self.layout
        api: dict[str, Any] = {}
        if wishes.listen is not None:
            api["listen"] = wishes.listen
        api |= running.ports_moved_by(wishes.port_offset)
        cloud: dict[str, Any] = {"fake": True} if wishes.fake else {}
        cloud |= {"state_dir": str(layout.state_dir), "run_dir": str(layout.run_dir)}
        return {"cloud": cloud, "api": api}

    def _is_configured(self) -> bool:
        if self.is_new and not self.layout.config.exists():
            return False
        values = self._values()
        have = self.layout.settings()
        return all(
            getattr(have.named(section), key) == value
            for section, keys in values.items()
            for key, value in keys.items()
        )

    def _configure(self) -> str | None:
        path = self.layout.config
        if path.exists():
            text = config_file.set_values(path.read_text(), self._values())
            mode = path.stat().st_mode & 0o777  # keep the permissions that the user set
        else:
            text, mode = config_file.sample(config_file.sections(), self._values()), 0o644
        files.write(path, text, mode=mode)
        self._settings = None
        return str(path)

    def _make_secrets(self) -> str | None:
        credentials.make_secrets(self.layout)
        return f"{self.layout.secrets} (readable by you alone)"

    # Image and key ------------------------------------------------------------------------

    def _is_seeded(self) -> bool:
        if not self.layout.seed.exists():
            return False
        wishes = self.wishes
        if wishes.names and wishes.names != credentials.seeded_names(self.layout):
            raise DeployError(
                "This cloud was made with other names.",
                "start again with these: stratolith destroy",
            )
        if wishes.external_cidr or wishes.external_range or wishes.external_gateway:
            seed = msgspec.json.decode(self.layout.seed.read_bytes(), type=Seed)
            if seed.external != self._external():
                raise DeployError(
                    f"This cloud already has the external network {seed.external.cidr}, from "
                    f"{seed.external.range_start} to {seed.external.range_end}.",
                    "change it with `openstack subnet set`, or start again: stratolith destroy",
                )
        if wishes.image:
            raise DeployError(
                "This cloud already has its first image.",
                "add yours: openstack image create --disk-format qcow2 --file FILE NAME",
            )
        return True

    def _make_seed(self) -> str | None:
        names = self.wishes.names or "stratolith"
        if names == "kolla":
            self._write_seed(Seed(external=self._external(), fake=self._is_fake(), names=names))
            return "none; Kolla's init-runonce creates images, flavors, key pair and networks"
        paths = self._images()
        pair = people.key_pair(self.person, self.layout.keys)
        if pair.is_generated:
            self.person.own(pair.private_file)
        seed = Seed(
            external=self._external(),
            images=[first_images.described(name, path) for name, path in paths.items()],
            keypair=SeedKeypair(name=people.KEYPAIR_NAME, public_key=pair.public_key),
            fake=self._is_fake(),
        )
        self._write_seed(seed)
        return f"{paths['cirros'].name}, {pair.private_file}"

    def _write_seed(self, seed: Seed) -> None:
        text = msgspec.json.format(msgspec.json.encode(seed)).decode()
        files.write(self.layout.seed, text + "\n", mode=0o600)

    def _images(self) -> dict[str, Path]:
        """Image name -> its file."""
        if self._is_fake() and not self.wishes.image:
            return first_images.simulated(self.layout.state_dir)
        return first_images.real(self.wishes.image, self.wishes.image_cache, self.report.say)

    # Processes ----------------------------------------------------------------------------

    def _has_driver(self) -> bool:
        has_ovn = not self.settings.fake and self.settings.of(NetworkSettings).driver == "ovn"
        return not has_ovn or not requirements.missing_packages(ovn=True)

    def _install_driver(self) -> str | None:
        """Install the packages of the network driver ovn."""
        return " ".join(ovn_packages.install())

    def _is_started(self) -> bool:
        if self.wishes.foreground:
            return False
        return running.is_current(self.layout) and running.is_running(self.layout, self.settings)

    def _start(self) -> str | None:
        fresh = not running.pids(self.layout)
        self.supervisor = running.start(self.layout, self.settings)
        try:
            running.wait_ready(self.layout, self.settings, self.report.detail, self.supervisor)
            self._wait_for_host()
        except DeployError:
            if fresh:
                running.stop(self.layout)
            raise
        return ", ".join(f"{role} {pid}" for role, pid in running.pids(self.layout).items())

    def _wait_for_host(self) -> None:
        """Wait until this host reports its resources; the scheduler needs them."""
        client = ApiClient(credentials.access(self.layout, self.settings), "admin")
        wait_for(
            "This host reports to the cloud",
            HOST_SECONDS,
            lambda: bool(client.get("compute", "/os-hypervisors")["hypervisors"]),
            pause=0.05,
        )

    def _resume(self) -> str | None:
        """Start the servers that `down --guests` stopped."""
        from stratolith.deploy.supervision import resume

        count = resume.start_again(self.layout, self.settings)
        self.layout.stopped_guests.unlink()
        return f"{count} started again"

    # Client files -------------------------------------------------------------------------

    def _client_files(self) -> dict[Path, str]:
        access = credentials.access(self.layout, self.settings)
        texts = {
            self.layout.openrc(user): credentials.openrc(user, access) for user in credentials.USERS
        }
        for user in credentials.USERS:
            texts[self.layout.keystonerc(user)] = credentials.keystonerc(user, access)
        texts[self.layout.clouds_yaml] = credentials.clouds_yaml(self.layout, access)
        return texts

    def _has_client_files(self) -> bool:
        wanted = self._client_files()
        if not all(files.is_written(path, text, mode=0o600) for path, text in wanted.items()):
            return False
        path = personal.path_of(self.person)
        if not personal.may_write(path, self.layout.state_dir):
            return True
        return files.is_written(path, wanted[self.layout.clouds_yaml], mode=0o600)

    def _write_client_files(self) -> str | None:
        wanted = self._client_files()
        for path, text in wanted.items():
            files.write(path, text, mode=0o600)
            self.person.own(path)
        path = personal.path_of(self.person)
        if not personal.may_write(path, self.layout.state_dir):
            return f"{self.layout.clouds_yaml} ({path} is not ours and stays as it is)"
        personal.write(self.layout, self.person, wanted[self.layout.clouds_yaml])
        return str(path)


def up(layout: Layout, wishes: Wishes, report: Report) -> None:
    """Bring the cloud up; raises DeployError, ConfigError."""
    work = Up(layout, wishes, report)
    try:
        work.validate()
        changed = steps.run(work.steps(), report)
    except PermissionError as error:
        raise DeployError(
            f"No permission for {error.filename}.",
            "use sudo, or a directory of your own with --state-dir",
        ) from None
    if changed:
        report.say("The cloud is up.")
    else:
        report.say("The cloud was up already; nothing was changed.")
    print(summary.text(layout, work.settings, work.person))
    if wishes.foreground:
        _stay(work)


def _stay(work: Up) -> None:
    """Stay in the foreground; this process and the cloud end together."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    work.report.say("Running in the foreground; Ctrl-C stops the cloud, guests keep running.")
    try:
        if work.supervisor is not None:
            work.supervisor.wait()
    except KeyboardInterrupt:
        work.report.say("Stopping")
    running.stop(work.layout)


def checkout_cache() -> Path:
    """Where guest images are kept: with the checkout, so that they survive `destroy`."""
    root = running.SOURCES.parent
    if (root / "stratolith").is_file() and os.access(root, os.W_OK):
        return root / ".cache" / "guest-image"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "stratolith" / "guest-image"
