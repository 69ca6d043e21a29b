/// What is known of the time: a host without a battery-backed clock knows no more, at first, than what it has lived to see.
public enum KnownTime: Hashable, Sendable {
    /// It is about then.
    case about(Timestamp)
    /// It is then or later.
    case atLeast(Timestamp)

    /// The earliest that it may be.
    public var earliest: Timestamp {
        switch self {
        case .about(let time), .atLeast(let time): time
        }
    }
}
