internal import Primitives
internal import UplinkCore

/// The default route over the interface of a connection: whether it is there, and when whoever makes it is to make it anew.
struct KeptRoute: Equatable, Sendable {
    /// What is to be done about one that is missing.
    struct Loss: Equatable, Sendable {
        /// Whether this connection had one: a DHCP client whose script makes none is left to it.
        var hadOne: Bool
        /// Whether it became clear just now that somebody takes it away again and again.
        var isContestNews: Bool

        func log(_ interface: String) -> [CarrierEffect] {
            guard isContestNews else { return [] }
            let words = "the default route of an uplink is taken away again and again"
            return [.log(LogRecord(.warning, words, .init("interface", interface)))]
        }
    }

    private var renewal = Renewal(latest: .seconds(300))
    private var hadOne = false

    var nextDeadline: Deadline? { Deadline(at: renewal.due, for: "a default route is made anew") }

    /// Behind "has an address", for people. Once it is a fight, its turns are no news, and would push everything else out of the journal.
    var words: String {
        if renewal.isContested { return "; somebody takes its default route away again and again" }
        return renewal.isLost ? ", and no default route" : ""
    }

    /// Another connection begins.
    mutating func begin() { hadOne = false }

    mutating func made(at uptime: Duration) { renewal.made(at: uptime) }

    /// - Parameters:
    ///   - reading: of the interface; nil where there is none.
    ///   - uptime: now.
    mutating func take(_ reading: InterfaceReading?, at uptime: Duration) {
        // Without an address there is nothing to route.
        let hasOne = reading.flatMap { $0.isUsable ? $0.hasDefaultRoute : nil }
        if hasOne == true { hadOne = true }
        renewal.observe(isAmiss: hasOne == false, at: uptime)
    }

    mutating func lossIfDue(at uptime: Duration) -> Loss? {
        let wasContested = renewal.isContested
        guard renewal.renewIfDue(at: uptime) else { return nil }
        return Loss(hadOne: hadOne, isContestNews: renewal.isContested && !wasContested)
    }
}
