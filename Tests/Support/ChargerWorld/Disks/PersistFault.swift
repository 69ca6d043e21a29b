/// Something that goes wrong at one of a service's writes, counted from 1 since the world began.
public struct PersistFault: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// The process is killed before the write, or right after it and before everything that follows.
        case kill(isWritten: Bool)
        /// The power is cut at that point, for so long.
        case powerCut(isWritten: Bool, lasting: Duration)
        /// The write fails, and so many more.
        case diskFull(writes: Int)
    }

    public var service: Service
    public var number: Int
    public var kind: Kind

    public init(_ kind: Kind, at number: Int, of service: Service = .gateway) {
        precondition(number > 0, "Writes are counted from 1.")
        self.service = service
        self.number = number
        self.kind = kind
    }
}
