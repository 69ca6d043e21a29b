import BusSchema
import Primitives

/// What the modem manager says about the way to the network, and how far that is believed.
struct UplinkBelief: Equatable, Sendable {
    private(set) var link: UplinkState.Link = .unknown
    /// The process that says so.
    private var reporter: Int?

    var isDown: Bool { link == .down }

    /// Returns whether anything changed. An unknown word of a newer modem manager is treated as "not known": just try.
    mutating func told(_ link: UplinkState.Link) -> Bool {
        let known: UplinkState.Link = [.up, .down].contains(link) ? link : .unknown
        defer { self.link = known }
        return known != self.link
    }

    /// The modem manager announced itself. Returns whether what was said before is worth nothing any more: nobody watches the uplink, or
    /// another process does, which has said nothing yet.
    mutating func reporterAnnounced(running: Bool, pid: Int) -> Bool {
        let isAnother = reporter.map { $0 != pid } ?? false
        reporter = pid
        return !running || isAnother
    }

    /// So long "down" is obeyed. Then it is doubted, and one attempt is made each time: a modem manager that died, or that watches the wrong
    /// interface, costs this much and not the connection.
    static let doubtAfter: Duration = .seconds(600)
}
