import Primitives

/// How much flash meter values may take while they cannot be delivered (E §3.91, OCPP 1.6 §3.7). Begins and ends of transactions are never
/// asked: they are few, and somebody has to pay for them.
///
/// A short time offline costs nothing. After that, so many bytes a day come in evenly, and a set of values for which there are not enough yet
/// is left out: what is kept is spread evenly over the time. The more waits already, the dearer is what comes.
struct SampleBudget: Equatable, Sendable {
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
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// When the next set is free of debt; nil while there was none.
    private var paidUntil: Duration?

    /// Whether a set of so many values is to be stored now; then it counts as stored.
    mutating func takes(values: Int, waiting: Int, at uptime: Duration) -> Bool {
        guard waiting >= Self.freeMessages else {
            paidUntil = nil
            return true
        }
        guard waiting < Self.mostMessages, paidUntil.map({ $0 <= uptime }) ?? true else { return false }
        let bytes = Self.bytesOfRecord + Self.bytesOfValue * Int64(values)
        let price = bytes * Int64(1 + waiting / Self.messagesPerPrice)
        paidUntil = uptime + Duration(outsideMilliseconds: price * Self.millisecondsPerDay / Self.bytesPerDay)
        return true
    }
}
