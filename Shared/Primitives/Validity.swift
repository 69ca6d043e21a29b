/// When certificates are valid: those of a whole chain together (RFC 5280 §4.1.2.5, §6.1.3).
public struct Validity: Hashable, Sendable {
    /// The latest beginning of any of them.
    public let begin: Timestamp
    /// The earliest end of any of them.
    public let end: Timestamp

    public init(begin: Timestamp, end: Timestamp) {
        self.begin = begin
        self.end = end
    }

    /// What speaks against a time at which somebody proves who he is with them, as a clause for people; nil where nothing does.
    public func objection(to time: Timestamp) -> String? {
        if time > end { return "its own certificates end on \(end.day)" }
        if time < begin { return "its own certificates begin on \(begin.day)" }
        return nil
    }
}
