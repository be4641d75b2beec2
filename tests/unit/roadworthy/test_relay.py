"""With ``-n`` what takes long is shown too: the lines of the workers reach the terminal, whole, while they work."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from roadworthy import relay
from tests.unit.roadworthy.toy import CONFTEST, Toy

pytest_plugins = ["pytester"]

PROVIDER = """
def pytest_configure(config):
    import sys
    from roadworthy import profile_loader
    def provide(profile, first):
        print("API server ... about 4 s", file=sys.stderr, flush=True)
        print("secret canary-token-1 in a line", file=sys.stderr, flush=True)
        return profile
    profile_loader.provided = provide
"""


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_start_of_a_cluster_is_shown_with_workers(toy: Toy, workers: str) -> None:
    toy.root.joinpath("conftest.py").write_text(CONFTEST + PROVIDER)
    toy.feature("Feature: F\n  Scenario: it\n    Then loki is fine\n")
    result = toy.apart("features", "-n", workers)
    assert result.ret == 0
    lines = [line.strip() for line in result.outlines]
    assert lines.count("API server ... about 4 s") == 1
    assert lines.index("API server ... about 4 s") < lines.index(next(line for line in lines if "1 passed" in line))


def test_lines_of_many_workers_stay_whole_and_in_order(tmp_path: Path) -> None:
    shown: list[str] = []
    with relay.followed(str(tmp_path), shown.append):

        def work(number: int) -> None:
            for index in range(200):
                relay.tell(str(tmp_path), f"{number} {index} {'x' * 300}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(shown) == 1000
    for number in range(5):
        mine = [line.split() for line in shown if line.startswith(f"{number} ")]
        assert [int(words[1]) for words in mine] == list(range(200))
        assert {words[2] for words in mine} == {"x" * 300}


def test_they_are_shown_while_the_work_goes_on(tmp_path: Path) -> None:
    shown: list[str] = []
    with relay.followed(str(tmp_path), shown.append):
        with relay.of_stderr(str(tmp_path)):
            sys.stderr.write("half a li")
            time.sleep(0.7)
            assert shown == []
            sys.stderr.write("ne\nand more")
        deadline = time.monotonic() + 10
        while not shown and time.monotonic() < deadline:
            time.sleep(0.05)
        assert shown == ["half a line"]
