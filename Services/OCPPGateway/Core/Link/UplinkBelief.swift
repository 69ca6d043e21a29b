public import BusSchema
import Primitives

/// What the modem manager says about the way to the network, and how far that is believed.
struct UplinkBelief: Equatable, Sendable {
    private(set) var link: UplinkState.Link = .unknown
    /// The way that connections take, as far as known; the last one while there is none.
    private(set) var path: UplinkPath?
    /// The process that says so.
    private var reporter: Int?
    /// When it said something last; nil while nothing that it said holds.
    private var heardAt: Duration?

    var isDown: Bool { link == .down }

    /// Returns whether anything changed. An unknown word of a newer modem manager is treated as "not known": just try.
    mutating func told(_ link: UplinkState.Link, at moment: Moment) -> Bool {
        heardAt = moment.uptime
        let known: UplinkState.Link = [.up, .down].contains(link) ? link : .unknown
        defer { self.link = known }
        return known != self.link
    }

    /// Returns whether connections that were begun before go another way than those from now on.
    mutating func moves(to new: UplinkPath) -> Bool {
        defer { path = new }
        guard let path else { return false }
        return path.differs(from: new)
    }

    /// The modem manager announced itself. Returns whether what was said before is worth nothing any more: nobody watches the uplink, or
    /// another process does, which has said nothing yet.
    mutating func reporterAnnounced(running: Bool, pid: Int) -> Bool {
        let isAnother = reporter.map { $0 != pid } ?? false
        reporter = pid
        return !running || isAnother
    }

    /// Nobody watches the uplinks any more, as far as one can tell: the way that was named leads nowhere for all one knows.
    /// A connection that stands works, whichever way it takes.
    mutating func forget() { (heardAt, path) = (nil, nil) }

    /// When nothing that was said holds any more.
    var silence: Deadline? {
        Deadline(at: heardAt.map { $0 + Self.silentAfter }, for: "the modem manager has been silent for long")
    }

    /// It says the same again each minute. One that died without a word is not started anew, or hangs.
    static let silentAfter: Duration = .seconds(300)
    /// So long "down" is obeyed. Then it is doubted, and one attempt is made each time: a modem manager that died, or that watches the wrong
    /// interface, costs this much and not the connection.
    static let doubtAfter: Duration = .seconds(600)
}

/// The uplink in use, and where its packets come from.
public struct UplinkPath: Equatable, Sendable {
    let name: String
    let interface: String?
    let address: String?

    /// Nil when no uplink is in use.
    public init?(_ state: UplinkState) {
        guard let active = state.activeUplink else { return nil }
        name = active.name
        interface = active.interface
        address = active.address
    }

    /// What one of them does not tell is no difference.
    func differs(from other: UplinkPath) -> Bool {
        func isOther(_ one: String?, _ two: String?) -> Bool { one != nil && two != nil && one != two }
        return name != other.name || isOther(interface, other.interface) || isOther(address, other.address)
    }
}
