import CentralSystem
import EventLoop
import JSON

/// Sends calls one after the other on one connection and measures from just before the write to just after the read of the answer.
final class Bench {
    let number: Int
    private let calls: [Command]
    private let link: Link
    private let send: (Command) -> Void
    private let finish: (JSONObject) -> Void
    private var remaining: Int
    /// Not counted: caches and branch predictors get used to it.
    private var warmingUp: Int
    private var next = 0
    private var microseconds: [Int64] = []
    private var failures = 0
    private var startedAt = Duration.zero

    init(
        number: Int,
        calls: [Command],
        count: Int,
        link: Link,
        send: @escaping (Command) -> Void,
        finish: @escaping (JSONObject) -> Void
    ) {
        precondition(!calls.isEmpty, "Nothing cannot be measured.")
        self.number = number
        self.calls = calls
        self.link = link
        self.send = send
        self.finish = finish
        remaining = count
        warmingUp = min(count / 10, 100)
        microseconds.reserveCapacity(count)
    }

    func start() {
        startedAt = EventLoop.uptime()
        sendNext()
    }

    /// The answer to the newest call.
    func take(_ outcome: Outcome) {
        if warmingUp > 0 {
            warmingUp -= 1
            if warmingUp == 0 { startedAt = EventLoop.uptime() }
        } else {
            remaining -= 1
            if case .result = outcome {
                microseconds.append((link.readAt - link.writtenAt).wholeMicroseconds)
            } else {
                failures += 1
            }
        }
        switch outcome {
        case .disconnected, .refused: end()
        case .result, .error, .timedOut, .done: remaining > 0 ? sendNext() : end()
        }
    }

    private func sendNext() {
        let call = calls[next % calls.count]
        next += 1
        send(call)
    }

    private func end() {
        let seconds = (EventLoop.uptime() - startedAt) / .seconds(1)
        var figures = Latencies(microseconds: microseconds).json
        figures["failures"] = .number(JSONNumber(failures))
        let rate = seconds > 0 ? Double(microseconds.count) / seconds : 0
        figures["perSecond"] = .number(JSONNumber(Int(rate)))
        finish(figures)
    }
}
