"""The command line: up, down, status, check, verify, server, agent, ...

Each command imports its modules when it runs, so that `--help` and light commands start fast.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stratolith import __version__

if TYPE_CHECKING:
    from stratolith.deploy.layout import Layout

Command = Callable[[argparse.Namespace], int]
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    top = argparse.ArgumentParser(
        prog="stratolith", description="The OpenStack cloud in one stone.", allow_abbrev=False
    )
    top.set_defaults(run=_list, listing=top)
    top.add_argument("--version", action="version", version=f"stratolith {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    _add_up(commands)
    down = _add(commands, "down", _down, "stop the cloud; guests and networks continue")
    down.add_argument("--guests", action="store_true", help="shut the guests down, too")
    destroy = _add(commands, "destroy", _destroy, "remove the cloud and everything in it")
    destroy.add_argument("--yes", action="store_true", help="do not ask")
    destroy.add_argument(
        "--database", action="store_true", help="remove its tables from PostgreSQL, too"
    )
    status = _add(commands, "status", _status, "services, hosts, guests, memory, acceleration")
    status.add_argument("--json", action="store_true", help="print it for programs")
    _add_hosts(commands)
    _add(commands, "doctor", _doctor, "show problems of a running cloud, with fixes")
    check = _add(commands, "check", _check, "check the requirements of this machine")
    check.add_argument("--fake", action="store_true", help="for simulated hosts")
    check.add_argument("--port-offset", metavar="N", type=int, help="for the ports moved by N")
    _add_diagnose(commands)
    _add_network(commands)
    verify = _add(commands, "verify", _verify, "test the cloud with a real server, end to end")
    verify.add_argument("--keep", action="store_true", help="leave the test's objects in place")
    openrc = _add(commands, "openrc", _openrc, "print a user's variables for clients")
    openrc.add_argument("user", nargs="?", default="admin", choices=["admin", "demo"])
    _add_logs(commands)
    parts = (("ovn-nb", _ovn), ("ovn-sb", _ovn), ("ovn-northd", _ovn))
    for name, command in (("server", _server), ("agent", _agent), *parts):
        process = _add(commands, name, command, f"run the {name} in the foreground")
        process.add_argument("--config", metavar="FILE", help="the configuration file")
    _add_image(commands)
    config = _add(commands, "config", _config, "print the configuration")
    config.add_argument(
        "what",
        nargs="?",
        choices=["sample", "show"],
        help="sample: all keys with explanations; show: current values",
    )
    config.set_defaults(listing=config)
    _add_policy(commands)
    test = commands.add_parser("test", help="check and test the checkout")
    test.add_argument("arguments", nargs="*", metavar="...", help="arguments for pytest")
    test.set_defaults(run=_test)
    return top


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Command,
    text: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    command.add_argument(
        "--state-dir", metavar="DIR", help="state directory, which selects the cloud"
    )
    command.set_defaults(run=run)
    return command


def _add_up(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    up = _add(commands, "up", _up, "create and start the cloud; a second run changes nothing")
    up.add_argument("--external-cidr", metavar="CIDR", help="external network [EXT_NET_CIDR]")
    up.add_argument(
        "--external-range", metavar="start=IP,end=IP", help="its floating IPs [EXT_NET_RANGE]"
    )
    up.add_argument("--external-gateway", metavar="IP", help="its gateway [EXT_NET_GATEWAY]")
    up.add_argument("--listen", metavar="IP", help="address of the APIs (default 127.0.0.1)")
    up.add_argument("--port-offset", metavar="N", type=int, help="add N to every port")
    up.add_argument("--image", metavar="FILE|URL", help="the guest image instead of CirrOS")
    up.add_argument(
        "--names",
        choices=["stratolith", "kolla"],
        help="kolla: leave images, flavors and networks to Kolla's init-runonce",
    )
    up.add_argument("--fake", action="store_true", help="simulate hosts and guests; needs no root")
    up.add_argument("--foreground", action="store_true", help="stay; stop the cloud at the end")
    up.add_argument("-v", "--verbose", action="store_true", help="also print skipped steps")


def _add_diagnose(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    diagnose = commands.add_parser("diagnose", help="find out why a server cannot be reached")
    actions = diagnose.add_subparsers(dest="action", metavar="ACTION")
    diagnose.set_defaults(run=_list, listing=diagnose)
    server = _add(actions, "server", _diagnose_server, "the way of a server's packets, hop by hop")
    server.add_argument("name", metavar="NAME", help="name or id of the server")
    server.add_argument("--all", action="store_true", help="also the hops after the first failure")
    server.add_argument("--json", action="store_true", help="print it for programs")


def _add_network(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    network = commands.add_parser("network", help="show how the networks of the hosts connect")
    actions = network.add_subparsers(dest="action", metavar="ACTION")
    network.set_defaults(run=_list, listing=network)
    shown = _add(actions, "map", _network_map, "bridges, networks and devices of each host")
    shown.add_argument("--svg", metavar="FILE", type=Path, help="write a picture to this file")
    shown.add_argument("--json", action="store_true", help="print it for programs")


def _add_hosts(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    token = commands.add_parser("token", help="let another machine join the cloud")
    actions = token.add_subparsers(dest="action", metavar="ACTION")
    token.set_defaults(run=_list, listing=token)
    create = _add(actions, "create", _token_create, "print a token and the join command")
    create.add_argument(
        "--minutes", type=int, default=60, metavar="N", help="its validity (default 60)"
    )
    create.add_argument("--address", metavar="IP", help="of this machine, for the other")
    host = commands.add_parser("host", help="the machines of the cloud")
    actions = host.add_subparsers(dest="action", metavar="ACTION")
    host.set_defaults(run=_list, listing=host)
    show = _add(actions, "list", _host_list, "each host: state, address, certificate")
    show.add_argument("--json", action="store_true", help="print it for programs")
    drain = _add(actions, "drain", _host_drain, "schedule no new servers on a host")
    drain.add_argument("name", metavar="NAME")
    activate = _add(actions, "activate", _host_activate, "schedule servers on a host again")
    activate.add_argument("name", metavar="NAME")
    remove = _add(actions, "remove", _host_remove, "remove a host from the cloud")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--force", action="store_true", help="even if servers are on it")
    join = _add(commands, "join", _join, "make this machine a host of another machine's cloud")
    join.add_argument("address", metavar="ADDRESS", help="of the server, or ADDRESS:PORT")
    join.add_argument("token", metavar="TOKEN", help="from `stratolith token create` there")
    join.add_argument("--name", metavar="NAME", help="of the host (default: the machine's)")
    join.add_argument("--tunnel-address", metavar="IP", help="of this machine, for other hosts")
    join.add_argument("--fake", action="store_true", help="simulate guests; needs no root")
    leave = _add(commands, "leave", _leave, "stop being a host; remove the cloud's files here")
    leave.add_argument("--force", action="store_true", help="even if servers are on it")


def _add_image(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    image = commands.add_parser("image", help="add images to the cloud")
    actions = image.add_subparsers(dest="action", metavar="ACTION")
    image.set_defaults(run=_list, listing=image)
    take = _add(actions, "import", _image_import, "unpack, convert, inspect and upload a file")
    take.add_argument("file", metavar="FILE", help="a disk of any hypervisor, an OVA or an ISO")
    take.add_argument("--name", help="name of the image (default: the file's)")
    take.add_argument(
        "--convert", choices=["raw", "qcow2", "keep"], help="(default: other formats to qcow2)"
    )
    take.add_argument("--public", action="store_true", help="for every project")
    take.add_argument(
        "--property", metavar="NAME=VALUE", action="append", default=[], help="may be repeated"
    )

    make = _add(actions, "build", _image_build, "build the small test guest")
    make.add_argument(
        "--architecture", metavar="ARCH", help="amd64 or arm64 (default: this machine's)"
    )
    make.add_argument("--output", metavar="FILE", help="write it to FILE (default: only the cache)")
    make.add_argument("--upload", action="store_true", help="into the cloud of this machine")
    make.add_argument("--name", help="name of the uploaded image (default: cirros-ARCH)")
    make.add_argument("--public", action="store_true", help="uploaded for every project")


def _add_logs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    logs = _add(commands, "logs", _logs, "print what the cloud logged")
    logs.add_argument(
        "service", nargs="?",
        help="server, agent, supervisor, security-groups (logged packets), or a service: "
        "compute (nova), network (neutron), ...",
    )  # fmt: skip
    logs.add_argument("-f", "--follow", action="store_true", help="also print new lines")
    logs.add_argument("-n", "--lines", type=int, default=100, help="number of lines (default 100)")
    logs.add_argument("--request-id", metavar="ID", help="only lines of this request")


def _add_policy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    policy = _add(commands, "policy", _policy, "explain whether and why a user may do something")
    policy.add_argument("what", choices=["check"])
    policy.add_argument("user", metavar="USER")
    policy.add_argument("action", metavar="ACTION", help="a rule: identity:create_user, ...")
    policy.add_argument(
        "target", metavar="TARGET", nargs="*", help="name=value ... (default: the own project)"
    )
    policy.add_argument("--project", default="", help="(default: named like the user)")
    policy.add_argument("--domain", default="", help="with a token of this domain")
    policy.add_argument("--system", action="store_true", help="with a token of the system")


def _layout(arguments: argparse.Namespace, *, must_exist: bool = True) -> Layout:
    from stratolith.deploy.layout import locate

    layout = locate(arguments.state_dir)
    if must_exist:
        layout.require()
    return layout


def _server_layout(arguments: argparse.Namespace) -> Layout:
    """For commands that work on the server's machine only."""
    layout = _layout(arguments)
    if not layout.secrets.exists():  # a host has none; servers need not import what follows
        from stratolith.deploy import join

        join.require_server(layout)
    return layout


def _token_create(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import hosts

    layout = _server_layout(arguments)
    return hosts.create_token(layout, minutes=arguments.minutes, address=arguments.address)


def _host_list(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import hosts

    return hosts.show(_server_layout(arguments), as_json=arguments.json)


def _host_drain(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import hosts

    return hosts.drain(_server_layout(arguments), arguments.name)


def _host_activate(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import hosts

    return hosts.activate(_server_layout(arguments), arguments.name)


def _host_remove(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import hosts

    return hosts.remove(_server_layout(arguments), arguments.name, force=arguments.force)


def _join(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import join
    from stratolith.deploy.steps import Report

    wishes = join.Wishes(
        server=arguments.address,
        token=arguments.token,
        name=arguments.name,
        tunnel_address=arguments.tunnel_address,
        fake=arguments.fake,
    )
    return join.join(_layout(arguments, must_exist=False), wishes, Report())


def _leave(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import join
    from stratolith.deploy.steps import Report

    return join.leave(_layout(arguments), Report(), force=arguments.force)


def _up(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import join, up
    from stratolith.deploy.steps import Report

    layout = _layout(arguments, must_exist=False)
    if join.is_host(layout):
        join.require_no_wishes(layout, vars(arguments))
        return join.start(layout, Report(verbose=arguments.verbose))
    wishes = up.Wishes(
        external_cidr=arguments.external_cidr,
        external_range=arguments.external_range,
        external_gateway=arguments.external_gateway,
        listen=arguments.listen,
        port_offset=arguments.port_offset,
        image=arguments.image,
        fake=arguments.fake,
        names=arguments.names,
        foreground=arguments.foreground,
        image_cache=up.checkout_cache(),
    )
    up.up(layout, wishes, Report(verbose=arguments.verbose))
    return 0


def _down(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import down
    from stratolith.deploy.steps import Report

    down.down(_layout(arguments), Report(), guests=arguments.guests)
    return 0


def _destroy(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import destroy
    from stratolith.deploy.steps import Report

    return destroy.destroy(
        _layout(arguments, must_exist=False),
        Report(),
        is_sure=arguments.yes,
        with_database=arguments.database,
    )


def _status(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import join, status

    layout = _layout(arguments)
    if join.is_host(layout):
        return join.status(layout)
    return status.status(layout, as_json=arguments.json)


def _diagnose_server(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.checks import diagnose

    return diagnose.server(
        _server_layout(arguments), arguments.name, as_json=arguments.json, everything=arguments.all
    )


def _network_map(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import network_map

    return network_map.show(_server_layout(arguments), svg=arguments.svg, as_json=arguments.json)


def _doctor(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.checks import doctor

    return doctor.doctor(_layout(arguments))


def _check(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.checks import check

    layout = _layout(arguments, must_exist=False)
    return check.check(layout, fake=arguments.fake, port_offset=arguments.port_offset)


def _verify(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.checks import verify
    from stratolith.deploy.steps import Report

    return verify.verify(_server_layout(arguments), Report(), keep=arguments.keep)


def _image_import(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from stratolith.deploy.images import image_import

    wishes = image_import.Wishes(
        file=Path(arguments.file),
        name=arguments.name,
        convert=arguments.convert,
        public=arguments.public,
        properties=arguments.property,
    )
    return image_import.run(_server_layout(arguments), wishes)


def _image_build(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from stratolith.deploy import up
    from stratolith.deploy.images import image_build
    from stratolith.deploy.steps import Report

    wishes = image_build.Wishes(
        cache=up.checkout_cache(),
        architecture=arguments.architecture,
        output=Path(arguments.output) if arguments.output else None,
        upload=arguments.upload,
        name=arguments.name,
        public=arguments.public,
    )
    return image_build.run(wishes, lambda: _layout(arguments), Report())


def _openrc(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import credentials

    layout = _server_layout(arguments)
    access = credentials.access(layout, layout.settings())
    print(credentials.openrc(arguments.user, access), end="")
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import logs

    wanted = logs.Wanted(arguments.service, arguments.request_id, arguments.lines)
    return logs.show(_layout(arguments), wanted, follow=arguments.follow)


def _server(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.supervision import process

    return process.run("server", arguments.config, arguments.state_dir)


def _ovn(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.supervision import process

    return process.run(arguments.command, arguments.config, arguments.state_dir)


def _agent(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.supervision import process

    return process.run("agent", arguments.config, arguments.state_dir)


def _config(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import config_file

    kinds = config_file.sections()
    if arguments.what is None:
        return _list(arguments)
    if arguments.what == "sample":
        print(config_file.sample(kinds), end="")
        return 0
    from stratolith.kernel import config

    layout = _layout(arguments, must_exist=False)
    config.require_known_variables(kinds, os.environ)
    settings = config.load(kinds, layout.config, os.environ)
    print(config_file.show(kinds, {name: settings.named(name) for name in kinds}), end="")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    """A command without its subcommand: print the subcommands."""
    arguments.listing.print_help()
    return EXIT_USAGE


def _policy(arguments: argparse.Namespace) -> int:
    from stratolith.deploy.checks import policy_check

    question = policy_check.Question(
        user=arguments.user,
        action=arguments.action,
        target=arguments.target,
        project=arguments.project,
        domain=arguments.domain,
        system=arguments.system,
    )
    return policy_check.check(_server_layout(arguments).settings(), question)


def _test(arguments: argparse.Namespace) -> int:
    from stratolith.deploy import checkout_tests

    return checkout_tests.run(arguments.arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status. Expected errors are printed without traceback."""
    arguments, unknown = parser().parse_known_args(argv)
    if arguments.command == "policy":  # argparse ignores items of a list after an option
        arguments.target += [word for word in unknown if not word.startswith("-")]
        unknown = [word for word in unknown if word.startswith("-")]
    if unknown and arguments.command != "test":
        parser().error(f"unrecognized arguments: {' '.join(unknown)}")
    if arguments.command == "test":  # all further arguments are for pytest, also options
        words = list(sys.argv[1:] if argv is None else argv)
        arguments.arguments = words[words.index("test") + 1 :]
    try:
        if arguments.command != "test":
            _require_known_variables()
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), 1
        )  # otherwise Python reports the error again at exit
        return 0
    except Exception as error:
        text = _expected(error)
        if text is None:
            raise
        from stratolith.deploy import layout, wording

        place = layout.locate(getattr(arguments, "state_dir", None)).state_dir
        print(f"stratolith: {wording.spelled_out(text, place)}", file=sys.stderr)
        return EXIT_FAILED


def _require_known_variables() -> None:
    """Refuse a misspelled variable: the command could affect another cloud."""
    from stratolith.kernel import config

    try:
        config.require_known_variables(config.KERNEL_SECTIONS, os.environ)
    except config.ConfigError:  # loading the settings of the services takes longer
        from stratolith.deploy import config_file

        config.require_known_variables(config_file.sections(), os.environ)


def _expected(error: Exception) -> str | None:
    """The text of an expected error; None for a defect of the program."""
    from stratolith.deploy.errors import DeployError
    from stratolith.deploy.prepare import PrepareError
    from stratolith.kernel.config import ConfigError
    from stratolith.kernel.plugins import PluginError
    from stratolith.kernel.policy.enforcer import PolicyError

    if isinstance(error, DeployError | ConfigError | PluginError | PrepareError | PolicyError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {error}\n  Fix: free some space and run the command again"
    if isinstance(error, PermissionError):
        return f"No permission: {error}\n  Fix: use sudo"
    return str(error) if isinstance(error, OSError) else None


if __name__ == "__main__":
    sys.exit(main())
