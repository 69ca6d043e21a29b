"""GPIOLines against the kernel's own interface and its simulated chips."""

import pytest
from machine import SimulatedChip

PROBE = "/usr/lib/charger/gpio-probe"


@pytest.fixture(scope="module")
def chip(board):
    return SimulatedChip(board, "probe-board", 8, ["RELAY", "FEEDBACK", "BUTTON"])


@pytest.fixture
def probe(board):
    """Starts the probe, and ends what was started."""
    started = []

    def start(*arguments):
        program = board.start(PROBE, *arguments)
        started.append(program)
        return program

    yield start
    for program in started:
        if program.status is None:
            program.signal("KILL")
            program.wait()


def test_an_output_has_its_initial_level_and_is_switched(chip, probe):
    relay = probe("out", "1", "probe-board:RELAY", "probe-board!:5")
    assert relay.line() == "taken 1"
    assert (chip.level(0), chip.level(5)) == (1, 1)
    relay.tell("set 2 3")
    assert relay.line() == "done"
    assert (chip.level(0), chip.level(5)) == (0, 0)
    relay.tell("get")
    assert relay.line() == "levels 2"


def test_a_line_falls_when_its_process_is_killed(board, chip, probe):
    relay = probe("out", "1", "probe-board:RELAY")
    assert relay.line() == "taken 1"
    assert chip.level(0) == 1
    relay.signal("KILL")
    board.until(lambda: chip.level(0) == 0, "the line has fallen")
    assert relay.wait() == -9


def test_edges_are_told_with_their_time_and_their_logical_level(chip, probe):
    chip.drive(1, False)
    feedback = probe("in", "0", "probe-board:FEEDBACK", "probe-board!:BUTTON")
    assert feedback.line() == "taken 2"
    chip.drive(1, True)
    chip.drive(2, True)
    told = [feedback.line().split(), feedback.line().split()]
    assert [words[:3] for words in told] == [["changed", "0", "1"], ["changed", "1", "0"]]
    # Milliseconds since the kernel noticed: the clock that it stamps with was translated rightly.
    assert all(0 <= int(words[3]) < 5000 for words in told)
    chip.drive(1, False)
    chip.drive(2, False)


def test_bouncing_is_kept_away_by_the_kernel(board, chip, probe):
    """A line that changes more often than the debounce time is told once it is steady, if it has changed at all."""
    chip.drive(1, False)
    # A second: on an emulated processor each write takes milliseconds, and the last one must fall into it.
    feedback = probe("in", "1000", "probe-board:FEEDBACK")
    assert feedback.line() == "taken 0"
    pull = f"{chip.lines}/sim_gpio1/pull"
    board.run("sh", "-c", f"for n in 1 2 3 4; do echo pull-up > {pull}; echo pull-down > {pull}; done; echo pull-up > {pull}")
    assert feedback.line().split()[:3] == ["changed", "0", "1"]
    feedback.tell("get")
    assert feedback.line() == "levels 1"
    chip.drive(1, False)


def test_edges_that_the_kernel_had_no_room_for_are_made_up_by_reading(board, chip, probe):
    chip.drive(1, False)
    feedback = probe("in", "0", "probe-board:FEEDBACK")
    assert feedback.line() == "taken 0"
    feedback.signal("STOP")
    pull = f"{chip.lines}/sim_gpio1/pull"
    # With a pause behind each: on a busy machine the kernel sees several changes at once as one, and has room for 128.
    board.run(
        "python3", "-c",
        f"import time\nfor n in range(601): open('{pull}', 'w').write('pull-down' if n % 2 else 'pull-up'); time.sleep(0.002)",
    )
    feedback.signal("CONT")
    lines = feedback.until(lambda line: line.startswith("refreshed"))
    assert lines[-1] == "refreshed 1"
    chip.drive(1, False)


def test_who_has_a_line_is_said_and_it_is_taken_when_it_is_free(chip, probe):
    first = probe("out", "0", "probe-board:RELAY")
    assert first.line() == "taken 0"
    second = probe("out", "1", "probe-board:RELAY")
    assert second.line() == "lost line RELAY of probe-board: taken by gpio-probe"
    first.tell("end")
    assert first.wait() == 0
    assert second.line() == "taken 1"


def test_a_chip_that_goes_is_lost_within_two_seconds_and_taken_again(board):
    chip = SimulatedChip(board, "usb-board", 4)
    relay = board.start(PROBE, "out", "0", "usb-board:2")
    assert relay.line() == "taken 0"
    relay.tell("set 1 1")
    assert relay.line() == "done"
    chip.unplug()
    # Looked after each second; the rest is for an emulated processor.
    assert relay.line(patience=6).startswith("lost ")
    relay.tell("set 1 1")
    assert relay.line() == "failed"
    chip.plug()
    assert relay.line() == "taken 0"
    assert chip.level(2) == 0
    relay.signal("KILL")
    relay.wait()
