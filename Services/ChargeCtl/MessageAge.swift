internal import BusSchema
internal import Primitives

/// Times in messages are those of the wall clock, which may have been set since, by decades where a machine without a battery has found its time.
/// Each message also says its uptime, which the sender and we count by the same clock: what counts is how long before the message something was.
extension Header {
    /// How long ago something was.
    /// - Parameters:
    ///   - time: When it was, as the message says: UTC milliseconds since 1970.
    ///   - now: When it is asked.
    /// - Returns: Milliseconds; nil where it would be to come, or would be longer ago than the machine runs.
    func age(ofTime time: Int64, at now: Moment) -> Int64? {
        let age = Int64(0).subtractingClamped(untilTime(time, at: now))
        // The sender reads its clocks one after the other.
        guard (-1000...now.uptime.wholeMilliseconds).contains(age) else { return nil }
        return max(age, 0)
    }

    /// How long it takes until something is to happen, milliseconds; below zero when it is over.
    func untilTime(_ time: Int64, at now: Moment) -> Int64 {
        let ahead = time.subtractingClamped(sentAt)
        return uptime.addingClamped(ahead).subtractingClamped(now.uptime.wholeMilliseconds)
    }
}
