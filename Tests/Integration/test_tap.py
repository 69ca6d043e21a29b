"""The tap shows all traffic in order, and a tap that hangs changes nothing."""

import signal

import session


def test_the_tap_shows_a_whole_session_with_requests_and_replies_in_order(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    session.energy_beyond(tap, start["meterStart"])
    session.present_again(stack, tap)
    csms.wait("StopTransaction")
    tap.wait(lambda m: m["topic"] == "ocpp.message" and m["payload"].get("action") == "StopTransaction"
             and m["payload"]["kind"] == "CALLRESULT")

    def position(predicate):
        return next(i for i, m in enumerate(tap.messages) if predicate(m))

    def message(direction, kind, action):
        return position(lambda m: m["topic"] == "ocpp.message" and m["payload"]["direction"] == direction
                        and m["payload"]["kind"] == kind and m["payload"].get("action") == action)

    course = [
        position(lambda m: m["topic"] == "request.hardware.sim" and m["payload"]["action"] == "swipe"),
        position(lambda m: m["topic"] == "hardware.card"),
        message("sent", "CALL", "Authorize"),
        message("received", "CALLRESULT", "Authorize"),
        position(lambda m: m["topic"] == "request.hardware.permit" and m["payload"]["granted"]),
        position(lambda m: m["topic"] == "reply.hardware.permit"),
        message("sent", "CALL", "StopTransaction"),
    ]
    # By the time at which each was sent: what two services publish reaches whoever listens in any order.
    times = [tap.messages[place]["header"]["uptime"] for place in course]
    assert times == sorted(times)
    requests = {m["header"]["id"] for m in tap.messages if m["topic"].startswith("request.")}
    replies = {m["header"]["replyTo"] for m in tap.messages if m["topic"].startswith("reply.")}
    assert replies <= requests | replies and len(requests & replies) >= len(requests) - 1
    by_source = {}
    for m in tap.messages:
        by_source.setdefault((m["header"]["source"], m["topic"]), []).append(m["header"].get("seq") or 0)
    fresh = {key: sorted(set(seqs)) for key, seqs in by_source.items()}
    for (source, topic), seqs in fresh.items():
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"{source} {topic} lost messages: {seqs}"


def test_a_tap_that_stops_reading_delays_nobody(stack, csms):
    stack.start()
    csms.wait_status("Available")
    hanging = [stack.tap() for _ in range(3)]
    for tap in hanging:
        tap.wait(lambda m: True)
        tap.process.send_signal(signal.SIGSTOP)
    tap = stack.tap()
    start = session.begin(stack, csms, tap)
    for _ in range(1000):  # more messages than wait for a subscriber, twice over: each is two frames
        csms.request("GetConfiguration", key=["HeartbeatInterval"])
    session.energy_beyond(tap, start["meterStart"])
    session.present_again(stack, tap)
    stop = csms.wait("StopTransaction")
    session.assert_one_transaction(csms, start, stop)
    assert all(process.poll() is None for process in stack.processes.values())


def test_filters_and_one_line_per_message(stack, csms):
    stack.start()
    csms.wait_status("Available")
    tap = stack.tap("--filter", "hardware.connector.*")
    stack.sim("plug")
    tap.wait_connector(pilot="B")
    assert {m["topic"] for m in tap.messages} == {"hardware.connector.1"}
    lines = stack.ctl("tap", "--count", "3").splitlines()
    assert len(lines) == 3
