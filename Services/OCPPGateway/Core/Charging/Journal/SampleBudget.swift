import Primitives

/// How much flash meter values may take while they cannot be delivered (E §3.91, OCPP 1.6 §3.7). Begins and ends of transactions are never
/// asked: they are few, and somebody has to pay for them.
///
/// A short time offline costs nothing. After that, so many bytes a day come in evenly, and a set of values for which there are not enough yet
/// is left out: what is kept is spread evenly over the time. They are shared by all who asked within a day, so that nobody's values push out
/// another's, and what one does not use at once is saved for it, a few minutes of it. The more waits already, the dearer is what comes.
///
/// In no day it is more than `bytesPerDay`, what comes in during `mostSaved`, and for each stream one set.
struct SampleBudget: Equatable, Sendable {
    /// What comes of one connector by one of its two clocks: sampled values, or clock-aligned ones.
    struct Stream: Hashable, Sendable {
        var connectorId: Int
        var isAligned: Bool
    }

    /// Up to so many waiting messages everything is kept.
    static let freeMessages = 1000
    /// Beyond that.
    static let bytesPerDay: Int64 = 4 * 1024 * 1024
    /// Each time that so many more wait, a set costs once more what it takes.
    static let messagesPerPrice = 10_000
    /// When so many wait, no values are kept any more.
    static let mostMessages = 100_000
    /// Of a record without its values, and of one value in it, as JSON.
    private static let bytesOfRecord: Int64 = 300
    private static let bytesOfValue: Int64 = 120
    /// So long a share is saved that is not used.
    static let mostSaved = Duration.seconds(300)
    private static let day = Duration.seconds(86_400)

    private struct Account: Equatable {
        /// When its next set is free of debt; in the past what is saved.
        var paidUntil: Duration
        var askedAt: Duration
    }

    private var accounts: [Stream: Account] = [:]

    /// Whether a set of so many values is to be stored now; then it counts as stored.
    mutating func takes(values: Int, of stream: Stream, waiting: Int, at uptime: Duration) -> Bool {
        guard waiting >= Self.freeMessages else {
            accounts = [:]
            return true
        }
        guard waiting < Self.mostMessages else { return false }
        let paidUntil = accounts[stream]?.paidUntil ?? uptime
        accounts[stream] = Account(paidUntil: paidUntil, askedAt: uptime)
        guard paidUntil <= uptime else { return false }
        let bytes = Self.bytesOfRecord + Self.bytesOfValue * Int64(values)
        let sharers = accounts.values.filter { uptime - $0.askedAt < Self.day }.count
        let price = bytes * Int64(1 + waiting / Self.messagesPerPrice) * Int64(sharers)
        let milliseconds = price * Self.day.wholeMilliseconds / Self.bytesPerDay
        accounts[stream]?.paidUntil =
            max(paidUntil, uptime - Self.mostSaved) + Duration(outsideMilliseconds: milliseconds)
        return true
    }
}
