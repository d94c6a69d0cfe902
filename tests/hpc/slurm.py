"""A real SLURM on this machine's loopback, from Debian's packages: two nodes, one of them with two fake GPUs.

    python tests/hpc/slurm.py      install and start it once, as root; say why where it cannot

Started by hand, without systemd and without cgroups, with all of its state in one folder; it ends only the
processes that it started. One at a time on a machine: jobs look for /etc/slurm/slurm.conf, which leads into
that folder meanwhile.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import debian

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"]
ACCOUNTING_PACKAGES = ["slurmdbd", "mariadb-server"]
LOGIN_PACKAGES = ["bindfs"]
PLACE = Path("/etc/slurm/slurm.conf")
_DATABASE, _SQL, _NODE = 6819, 33306, 6830
NODES = ["n1", "n2"]

CONFIGURATION = """\
ClusterName=memgen
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthInfo=socket={base}/munge.socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={base}/state
SlurmdSpoolDir={base}/spool.%n
SlurmctldPidFile={base}/slurmctld.pid
SlurmdPidFile={base}/slurmd.%n.pid
SlurmctldLogFile={base}/slurmctld.log
SlurmdLogFile={base}/slurmd.%n.log
ProctrackType=proctrack/pgid
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
SlurmdParameters=config_overrides
MinJobAge={age}
ReturnToService=2
KillWait=5
BatchStartTimeout=10
MessageTimeout=10
SlurmctldTimeout=30
SlurmdTimeout=10
PlugStackConfig={base}/plugstack.conf
MailProg=/bin/true
{accounting}
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=n1 MaxTime=INFINITE State=UP
"""
DATABASE = """\
AuthType=auth/munge
AuthInfo=socket={base}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={database}
SlurmUser=root
LogFile={base}/slurmdbd.log
PidFile={base}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={sql}
StorageUser=slurm
StoragePass={password}
StorageLoc=slurm_acct_db
"""


def obstacle(packages: Sequence[str]) -> str | None:
    """Why a SLURM cannot be started here; None where it can."""
    if PLACE.exists() and not PLACE.is_symlink():
        return f"{PLACE} is there: this machine belongs to a cluster"
    return debian.obstacle(packages)


def _ends_with_this_process() -> None:
    """Have a daemon sent SIGTERM when the process that started it dies, however it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def wait_for(what: str, found: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not found():
        if time.monotonic() > end:
            raise TimeoutError(f"gave up waiting for {what}")
        time.sleep(0.1)


class Cluster:
    """A SLURM with two nodes of two CPUs, with its whole state in a folder; `started` gives one that runs."""

    def __init__(self, base: Path, accounting: bool = False) -> None:
        self.base, self.accounting = base, accounting
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def ask(self, *command: str) -> str:
        """What a command of SLURM prints; nothing where it fails."""
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.strip()

    def _daemon(self, name: str, *command: str) -> None:
        with (self.base / f"{name}.out").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                command, env={**os.environ, "SLURM_CONF": str(self.base / "slurm.conf")},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=_ends_with_this_process,
            )  # fmt: skip

    def _end(self, name: str, number: int = signal.SIGTERM) -> None:
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(number)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self) -> None:
        """Write its configuration and start it, until both nodes are idle."""
        host = socket.gethostname().partition(".")[0]
        for folder in ("state", "spool.n1", "spool.n2"):
            (self.base / folder).mkdir(parents=True, exist_ok=True)
        gres = "Name=gpu Count=2"
        with contextlib.suppress(OSError):
            for gpu in {self.base / "gpu0", self.base / "gpu1"} - set(self.base.iterdir()):
                os.mknod(gpu, stat.S_IFCHR | 0o600, os.makedev(1, 3))
            gres = f"Name=gpu File={self.base}/gpu[0-1]"
        (self.base / "gres.conf").write_text(f"AutoDetect=off\nNodeName=n1 {gres}\n")
        (self.base / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        (self.base / "plugstack.conf").write_text("")
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={_NODE + place} CPUs=2 "
            f"RealMemory=64000 State=UNKNOWN{' Gres=gpu:2' if name == 'n1' else ''}"
            for place, name in enumerate(NODES)
        )
        accounts = "AccountingStorageType=accounting_storage/none"
        if self.accounting:
            accounts = (
                "AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=127.0.0.1\n"
                f"AccountingStoragePort={_DATABASE}\nAccountingStoragePass={self.base}/munge.socket\n"
                "AccountingStoreFlags=job_comment"
            )
        age = 2 if self.accounting else 3600  # where there are accounts, they alone know jobs that have ended
        given = {"host": host, "base": self.base, "nodes": nodes, "accounting": accounts, "age": age}
        (self.base / "slurm.conf").write_text(CONFIGURATION.format(**given))
        key = self.base / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(1024))
        PLACE.parent.mkdir(exist_ok=True)
        PLACE.unlink(missing_ok=True)
        PLACE.symlink_to(self.base / "slurm.conf")
        socket_ = f"{self.base}/munge.socket"
        self._daemon(
            "munged", "munged", "--force", "--foreground", f"--socket={socket_}", f"--key-file={key}",
            f"--pid-file={self.base}/munged.pid", f"--log-file={self.base}/munged.log",
            f"--seed-file={self.base}/munged.seed",
        )  # fmt: skip
        wait_for("munge", lambda: bool(self.ask("munge", f"--socket={socket_}", "--no-input")))
        if self.accounting:
            self._start_accounting()
        self.start_controller()
        for name in NODES:
            self.start_node(name)
        wait_for("two idle nodes", self._all_idle)

    def _start_accounting(self) -> None:
        password, data = secrets.token_hex(12), self.base / "database"
        data.mkdir()
        shutil.chown(data, "mysql")
        self.base.chmod(0o755)
        options = ["--no-defaults", "--user=mysql", f"--datadir={data}", "--skip-test-db"]
        subprocess.run(["mariadb-install-db", *options], stdout=subprocess.DEVNULL, check=True)
        first = data / "first.sql"
        first.touch(0o600)
        first.write_text(
            "CREATE DATABASE slurm_acct_db;\n"
            f"CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
            "GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';\n"
        )
        shutil.chown(first, "mysql")
        self._daemon(
            "mariadbd", "mariadbd", "--no-defaults", "--user=mysql", f"--datadir={data}",
            "--skip-name-resolve", f"--socket={data}/socket", f"--pid-file={data}/pid",
            "--bind-address=127.0.0.1", f"--port={_SQL}",
            f"--init-file={first}", "--skip-log-bin", "--innodb-lock-wait-timeout=900",
        )  # fmt: skip

        def listening() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", _SQL), 1):
                return True
            return False

        wait_for("mariadbd", listening)
        written = self.base / "slurmdbd.conf"
        written.touch(0o600)
        written.write_text(DATABASE.format(base=self.base, database=_DATABASE, sql=_SQL, password=password))
        self._daemon("slurmdbd", "slurmdbd", "-D")
        wait_for("slurmdbd", lambda: "Cluster" in self.ask("sacctmgr", "show", "cluster"))

    def start_controller(self) -> None:
        """Start slurmctld, as first, or with the state that it left."""
        self._daemon("slurmctld", "slurmctld", "-D", "-f", str(self.base / "slurm.conf"))
        wait_for("slurmctld", lambda: "UP" in self.ask("scontrol", "ping"))

    def start_node(self, name: str) -> None:
        self._daemon(name, "slurmd", "-D", "-N", name, "-f", str(self.base / "slurm.conf"))

    def states(self) -> list[str]:
        return self.ask("sinfo", "--noheader", "--Node", "--partition=main", "--format=%T").split()

    @contextlib.contextmanager
    def controller_away(self, seconds: float) -> Iterator[None]:
        """After some seconds without slurmctld."""
        self._end("slurmctld")
        time.sleep(seconds)
        self.start_controller()
        yield

    @contextlib.contextmanager
    def drained(self, name: str) -> Iterator[None]:
        """With a node that takes no more jobs, meanwhile."""
        self.ask("scontrol", "update", f"nodename={name}", "state=drain", "reason=test")
        try:
            yield
        finally:
            self.ask("scontrol", "update", f"nodename={name}", "state=resume")

    def _jobs_on(self, name: str) -> list[str]:
        return self.ask("squeue", "--noheader", f"--nodelist={name}", "--format=%i").split()

    def _all_idle(self) -> bool:
        return self.states().count("idle") == len(NODES)

    @contextlib.contextmanager
    def lost(self, name: str) -> Iterator[None]:
        """With a node that died with all of its jobs, meanwhile."""
        numbers = self._jobs_on(name)
        self._end(name, signal.SIGKILL)
        for number in numbers:
            _signal(of_job(number), signal.SIGKILL)
        try:
            yield
        finally:
            self.start_node(name)
            wait_for("the node to come back", self._all_idle, 90)

    @contextlib.contextmanager
    def cut_off(self, name: str) -> Iterator[None]:
        """With a node that does not answer, which SLURM has given up, but whose jobs go on, meanwhile."""
        # They wait until they have been given up: jobs of seconds would have ended before that.
        working = [process for number in self._jobs_on(name) for process in of_job(number)]
        node = self.processes[name]
        _signal([node.pid, *working], signal.SIGSTOP)
        try:
            wait_for("the node to be given up", lambda: any("down" in state for state in self.states()), 120)
            _signal(working, signal.SIGCONT)
            yield
        finally:
            _signal([node.pid, *working], signal.SIGCONT)
            wait_for("the node to come back", self._all_idle, 90)

    def jobs(self) -> list[tuple[str, str, str]]:
        """Every job so far: number, state, and the rule and wildcards that it is for."""
        if self.accounting:
            listed = self.ask("sacct", "-X", "--noheader", "--parsable2", "--format=JobIDRaw,State,Comment")
        else:
            listed = self.ask("squeue", "--noheader", "--states=all", "--format=%i|%T|%k")
        return [tuple(line.strip().split("|", 2)) for line in listed.splitlines()]  # type: ignore[misc]

    def stop(self) -> None:
        """End what was started here, jobs first."""
        if "slurmctld" in self.processes:
            self.ask("scancel", "--user=root")
            with contextlib.suppress(TimeoutError):
                wait_for("jobs to end", lambda: not self.ask("squeue", "--noheader"), 20)
        for name in [*NODES, "slurmctld", "slurmdbd", "mariadbd", "munged"]:
            self._end(name)
        if PLACE.is_symlink() and PLACE.readlink() == self.base / "slurm.conf":
            PLACE.unlink()


def of_job(number: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"SLURM_JOB_ID={number}".encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def _signal(processes: Sequence[int], number: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


@contextlib.contextmanager
def started(base: Path, accounting: bool = False) -> Iterator[Cluster]:
    cluster = Cluster(base, accounting)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


if __name__ == "__main__":
    if problem := obstacle(PACKAGES):
        raise SystemExit(f"make test-hpc: {problem}")
    debian.install(PACKAGES)
    try:
        with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as trial:
            print(f"{trial.ask('sinfo', '--version')} starts here, with nodes {', '.join(NODES)}")
    except (OSError, TimeoutError) as error:
        raise SystemExit(f"make test-hpc: SLURM does not start here: {error}") from None
