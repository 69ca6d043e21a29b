internal import Primitives

/// Which of two SIMs a modem uses: the first, until it has been of no use for long; then the other one, and after some hours the first again.
///
/// A change costs minutes of search, and networks take offence at SIMs that come and go: half an hour lies between two, also after a start,
/// since a process before this one may have made one.
struct SlotChoice: Equatable, Sendable {
    static let leastSpacing = Duration.seconds(1800)
    /// How long a SIM may be of no use by itself (missing, locked, refused), and how long its network may be.
    static let patienceWithSIM = Duration.seconds(60)
    static let patienceWithNetwork = Duration.seconds(1800)

    private enum Timer: String, DeadlineName {
        case giveUp = "the SIM in use is given up"
        case goBack = "the preferred SIM is used again"
    }

    private enum Standing: Equatable {
        case working, fine, useless, waiting
    }

    private let returnAfter: Duration?
    /// Counted from 1.
    private(set) var slot: Int
    private var lastChange: Duration
    private var standing = Standing.working
    private var deadlines = Deadlines<Timer>()

    /// - Parameters:
    ///   - slot: in use; nil for the first.
    ///   - returnAfter: when the first SIM is tried again; nil leaves the second one in use.
    ///   - uptime: now.
    init(slot: Int?, returnAfter: Duration?, at uptime: Duration) {
        self.slot = slot == 2 ? 2 : 1
        self.returnAfter = returnAfter
        lastChange = uptime
        armReturn()
    }

    var nextDeadline: Deadline? { deadlines.next }

    mutating func observe(_ report: ModemReport, at uptime: Duration) {
        let now = Self.standing(report) ?? standing
        guard now != standing else { return }
        standing = now
        deadlines.clear(.giveUp)
        switch now {
        case .useless: armGiveUp(after: Self.patienceWithSIM, at: uptime)
        case .waiting: armGiveUp(after: Self.patienceWithNetwork, at: uptime)
        case .working, .fine: break
        }
    }

    /// - Returns: The slot to change to, if it is time for that.
    mutating func deadlineReached(at uptime: Duration) -> Int? {
        guard deadlines.popDue(at: uptime) != nil else { return nil }
        deadlines.clearAll()
        slot = 3 - slot
        lastChange = uptime
        standing = .working
        armReturn()
        return slot
    }

    private mutating func armGiveUp(after patience: Duration, at uptime: Duration) {
        deadlines.set(.giveUp, at: max(uptime + patience, lastChange + Self.leastSpacing))
    }

    private mutating func armReturn() {
        guard slot != 1, let returnAfter else { return }
        deadlines.set(.goBack, at: lastChange + max(returnAfter, Self.leastSpacing))
    }

    /// Nil where the trouble says nothing of the SIM, or there is none on the way to a network.
    private static func standing(_ report: ModemReport) -> Standing? {
        switch report.trouble {
        case .simMissing, .simFailed, .pinMissing, .pinRefused, .pinWithheld, .pukNeeded, .locked, .roamingForbidden:
            .useless
        case .searching, .denied, .notAttached: .waiting
        case .portMissing, .silent, .commandFailed, .storage, .service: nil
        case nil: report.phase == .ready ? .fine : nil
        }
    }
}
