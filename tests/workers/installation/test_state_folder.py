"""The state folder: whose it is, where it lies, what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import InvalidInput
from workers.installation.socket_folder import fits, make_socket_folder
from workers.installation.state_folder import (
    FolderInUse,
    Held,
    default_folder,
    hold,
    running,
    running_store,
)

HOLDING = (
    "import sys; from pathlib import Path; from workers.installation.state_folder import hold\n"
    "with hold(Path(sys.argv[1]), print) as held:\n"
    "    held.write(pid=1234, port=8000, store='unix:///s', parts={}); print('up', flush=True)\n"
    "    sys.stdin.read()"
)


def refuse_to_wait(text: str) -> None:
    raise AssertionError(text)


def test_it_lies_where_the_users_state_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert default_folder({}, "linux") == Path("/home/ann/.local/state/axiomatic")
    assert default_folder({"XDG_STATE_HOME": "/data"}, "linux") == Path("/data/axiomatic")
    assert default_folder({"XDG_STATE_HOME": "data"}, "linux") == default_folder({}, "linux")
    library = Path("/home/ann/Library/Application Support/axiomatic")
    assert default_folder({"XDG_STATE_HOME": "/data"}, "darwin") == library


def test_it_is_for_its_user_alone_and_may_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        with hold(tmp_path / "new" / "state", refuse_to_wait) as held:
            assert held.path.stat().st_mode & 0o777 == 0o700
            assert running(held.path) == {"pid": os.getpid()}
    assert running(tmp_path / "new" / "state") == {}


@pytest.mark.slow
def test_a_second_holder_is_refused_with_the_folder_and_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDING, str(tmp_path)]
    pipe = subprocess.PIPE
    assert running_store(tmp_path) is None
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "up\n"
        assert running_store(tmp_path) == "unix:///s"
        with (
            pytest.raises(FolderInUse, match=rf"{tmp_path} is in use by process 1234 \(port 8000"),
            hold(tmp_path, refuse_to_wait),
        ):
            pass
        other.kill()
        other.wait()
    # what it wrote is still there, but nobody runs
    assert running(tmp_path)["store"] == "unix:///s"
    assert running_store(tmp_path) is None
    with hold(tmp_path, refuse_to_wait):
        pass


@pytest.mark.slow
def test_processes_that_a_killed_holder_left_are_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with hold(tmp_path, refuse_to_wait) as held:
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[held.parts_lock])
    assert child.stdin is not None

    def end_child(text: str) -> None:
        said.append(text)
        assert child.stdin is not None
        child.stdin.close()

    with hold(tmp_path, end_child):
        assert child.wait(30) == 0
    assert said == ["Waiting for processes of an installation that was killed to end .."]


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="holds other files"), hold(tmp_path, refuse_to_wait):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InvalidInput, match=r"--state: .*file.*Not a directory"),
        hold(tmp_path / "file" / "state", refuse_to_wait),
    ):
        pass


def test_emptying_it_leaves_logs_and_says_beforehand_what_goes(tmp_path: Path) -> None:
    with hold(tmp_path, refuse_to_wait) as held:
        assert held.stored() is None
        (held.store / "appendonly.aof").write_bytes(b"x" * 2**20)
        (held.logs / "worker.log").write_text("old")
        assert str(held.stored()).startswith(f"{held.store} (1.0 MB, last written 2")
        held.empty()
        assert held.stored() is None
        assert held.store.is_dir()
        assert (held.logs / "worker.log").read_text() == "old"


def test_sockets_lie_elsewhere_where_the_folders_path_does_not_do(tmp_path: Path) -> None:
    home = Path("/home/ann")
    assert Held(home, 0).socket_folder(tmp_path) == home
    for folder in (home / "Library" / "Application Support", home / ("a" * 100)):
        assert Held(folder, 0).socket_folder(tmp_path) == tmp_path


def test_a_long_folder_of_temporary_files_is_not_used_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("a" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    folder = make_socket_folder()
    assert fits(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(long.iterdir())
    folder.rmdir()
