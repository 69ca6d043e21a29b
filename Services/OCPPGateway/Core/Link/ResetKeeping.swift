import Primitives

/// What of a Reset is on disk (OCPP 1.6 §5.14). What the disk did not take is written again: it may still say that a reset is under way which
/// was given up, and a program that dies hours later would have the next one go on with that.
struct ResetKeeping: Equatable, Sendable {
    private static let retryAfter = Duration.seconds(60)

    /// What was found there, or was ordered to be saved last.
    private(set) var document: ResetDocument
    /// The newest save failed. Nil while the disk says the same as `document`, or is being told.
    private var retryAt: Duration?
    /// The disk says that a reset is under way. A save that failed changed nothing, as far as the next process of this boot can see.
    private(set) var saysUnderWay: Bool

    /// What was found was read: until then nothing takes its place.
    private var isRead = false

    init(_ found: ResetDocument?) {
        document = found ?? ResetDocument()
        saysUnderWay = document.underWay != nil
    }

    var nextDeadline: Deadline? { Deadline(at: retryAt, for: "how far a reset is is saved again") }

    /// The start has taken up what was found.
    mutating func wasRead() { isRead = true }

    /// Returns what is to be saved by now so that the disk says this; `saved` or `saveFailed` follows.
    mutating func keep(_ wanted: ResetDocument, at uptime: Duration) -> ResetDocument? {
        let isRetryDue = nextDeadline?.isDue(at: uptime) == true
        guard isRead, wanted != document || isRetryDue else { return nil }
        document = wanted
        retryAt = nil
        return document
    }

    mutating func saved() {
        retryAt = nil
        saysUnderWay = document.underWay != nil
    }

    mutating func saveFailed(at uptime: Duration) { retryAt = uptime + Self.retryAfter }

    /// The program may end: what waits is saved now.
    mutating func hurry(at uptime: Duration) {
        if retryAt != nil { retryAt = uptime }
    }
}
