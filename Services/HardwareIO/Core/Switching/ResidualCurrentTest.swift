import BusSchema
import Primitives

/// Has the residual current device trip and recover before each closing (IEC 62955 §9.7, hardware self-test): one that does not, protects
/// nobody. The trip that the test provokes is no fault.
struct ResidualCurrentTest {
    private enum State: Equatable {
        /// Next: testing.
        case untested
        /// Next: passed, or failed at `limit`.
        case testing(limit: FollowLimit)
        /// Good for one closing. Next: untested when it closed or grew old.
        case passed(at: Duration)
        /// Next: testing at `retryAt`.
        case failed(retryAt: Duration)
    }

    /// Longest time from the order to the answer; a test pulse takes 100…300 ms.
    static let answerLimit = Duration.seconds(2)
    /// A closing has to come so soon after the test.
    static let validFor = Duration.seconds(10)
    /// A device that failed is tested again after so long, so that it comes back by itself; its contactor is open meanwhile.
    static let retryPause = Duration.seconds(60)

    private let connectorId: Int
    private var state = State.untested
    /// What is wrong, for the list of faults; nil once it passed.
    private(set) var failure: String?

    /// When the test began that is not over, of a process before this one too: until its device has answered, or was seen to be there again, what it
    /// says may come of that.
    private(set) var testSince: Duration?

    init(connectorId: Int, testSince: Duration? = nil) {
        self.connectorId = connectorId
        self.testSince = testSince
    }

    var isTesting: Bool { if case .testing = state { true } else { false } }

    /// Whether a contactor may close on it now.
    func isPassed(at uptime: Duration) -> Bool {
        guard case .passed(let at) = state else { return false }
        return uptime - at <= Self.validFor
    }

    var nextDeadline: Deadline? {
        switch state {
        case .untested, .passed: nil
        case .testing(let limit): Deadline(at: limit.at, for: "the test of the residual current device takes too long")
        case .failed(let retryAt): Deadline(at: retryAt, for: "the residual current device is tested again")
        }
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        switch state {
        case .testing(var limit):
            guard limit.isOver(at: turn.uptime) else {
                state = .testing(limit: limit)
                return
            }
            fail("residual current device did not answer its test", at: turn.uptime)
        case .failed(let retryAt) where retryAt <= turn.uptime: begin(&turn)
        case .untested, .passed, .failed: break
        }
    }

    /// Everything else agrees that the contactor closes.
    mutating func want(_ turn: inout Turn) {
        switch state {
        case .untested: break
        case .passed(let at) where turn.uptime - at > Self.validFor: break
        case .testing, .passed, .failed: return
        }
        begin(&turn)
    }

    /// Somebody wants to see it, whatever it said before.
    mutating func testNow(_ turn: inout Turn) {
        if !isTesting { begin(&turn) }
    }

    private mutating func begin(_ turn: inout Turn) {
        // A process that slept meanwhile has the device go through the whole test yet; nothing is closed until then.
        state = .testing(limit: FollowLimit(turn.uptime + Self.answerLimit, hearing: Self.answerLimit))
        testSince = turn.uptime
        turn.order(.testResidualCurrent(connectorId: connectorId))
    }

    mutating func tested(passed: Bool, at uptime: Duration) {
        guard isTesting else { return }
        guard passed else {
            return fail("residual current device did not trip and recover when it was tested", at: uptime)
        }
        testSince = nil
        state = .passed(at: uptime)
        failure = nil
    }

    /// The contactor was ordered to close: the next time wants another test.
    mutating func closed() { if case .passed = state { state = .untested } }

    /// Its device is lost, or was: what was begun with it is void.
    mutating func lose() { if failure == nil { state = .untested } }

    /// Its device is there, and has recovered from a test, or had its time.
    mutating func recover() { if !isTesting { testSince = nil } }

    private mutating func fail(_ detail: String, at uptime: Duration) {
        testSince = nil
        state = .failed(retryAt: uptime + Self.retryPause)
        failure = detail
    }
}
