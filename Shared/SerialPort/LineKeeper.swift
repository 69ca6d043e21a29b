import EventLoop
import Primitives

/// What every kind of line does alike: it opens again with growing pauses, tells its owner and counts.
final class LineKeeper {
    private enum State {
        /// `start` was not called yet. Next: absent.
        case idle
        /// Not open; tried again at the deadline, or being tried now. Next: open, ended.
        case absent(since: Absence)
        /// Bytes flow. Next: absent, ended.
        case open
        /// `end` was called; nothing happens any more.
        case ended
    }

    private enum Absence { case start, told }

    let name: String
    let loop: EventLoop
    let owner: LineOwner
    var counters = LineCounters()
    /// Makes an attempt; ends in `opened` or `failed`.
    var open: () -> Void = {}

    private var state = State.idle
    private var pace = ReopenPace()
    private var nextAttempt: Duration?
    private var source: DeadlineSource?
    private var lastDropLogged: Duration?

    init(name: String, loop: EventLoop, owner: LineOwner) {
        self.name = name
        self.loop = loop
        self.owner = owner
    }

    var isOpen: Bool { if case .open = state { true } else { false } }
    var hasEnded: Bool { if case .ended = state { true } else { false } }

    func start() {
        guard case .idle = state else { return }
        state = .absent(since: .start)
        nextAttempt = EventLoop.uptime()
        source = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: nextAttempt, for: "a line is opened again") },
            fire: { [unowned self] _ in attempt() }
        )
    }

    func end() {
        state = .ended
        if let source { loop.removeDeadlineSource(source) }
        source = nil
        nextAttempt = nil
    }

    private func attempt() {
        nextAttempt = nil
        open()
    }

    func opened() {
        guard case .absent = state else { return }
        let moment = EventLoop.now()
        state = .open
        counters.openings += 1
        if pace.opened(at: moment.uptime) { owner.log(LogRecord(.notice, "line is open again", .init("line", name))) }
        owner.handler(.opened, moment)
    }

    func received(_ bytes: [UInt8]) {
        counters.bytesReceived += bytes.count
        pace.worked()
        if !bytes.isEmpty { owner.handler(.received(bytes), EventLoop.now()) }
    }

    /// The line does not open or is lost. The owner is told after the current handler.
    func failed(_ reason: String) {
        guard !hasEnded else { return }
        let now = EventLoop.uptime()
        let failure = pace.failed(at: now)
        nextAttempt = now + failure.pause
        if let untold = failure.untoldBefore {
            var record = LogRecord(.warning, "line is closed", .init("line", name), .init("reason", reason))
            if untold > 0 { record.fields.append(.init("failuresBefore", untold)) }
            owner.log(record)
        }
        let wasOpen = isOpen
        if wasOpen { counters.losses += 1 }
        if case .absent(since: .told) = state { return }
        state = .absent(since: .told)
        loop.enqueue { [self] in
            if !hasEnded { owner.handler(.closed(reason: reason), EventLoop.now()) }
        }
    }

    /// A `send` found no room. Said at most once a minute: it goes on for as long as the device takes nothing.
    func dropped(_ bytes: Int) {
        counters.droppedSends += 1
        let now = EventLoop.uptime()
        guard lastDropLogged.map({ $0 + ReopenPace.logInterval <= now }) ?? true else { return }
        lastDropLogged = now
        owner.log(LogRecord(.warning, "line takes no more", .init("line", name), .init("droppedBytes", bytes)))
    }
}
