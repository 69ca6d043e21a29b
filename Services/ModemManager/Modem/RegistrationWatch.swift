internal import Primitives

/// What the three registration commands say together. A modem in an LTE network need not be registered for circuits, one in a 2G network
/// not for LTE; what counts is whether any of those that carry data is.
struct RegistrationWatch: Equatable, Sendable {
    enum Domain: String, CaseIterable, Sendable {
        case circuits = "+CREG"
        case packets = "+CGREG"
        case lte = "+CEREG"
    }

    private struct Status: Equatable, Sendable {
        var registration: Registration
        var area: String?
        var cell: String?
        var technology: RadioTechnology?
    }

    private var statuses: [Domain: Status] = [:]
    /// Since when `registration` is what it is, uptime; nil while nothing is known.
    private(set) var since: Duration?

    mutating func forget() { self = RegistrationWatch() }

    /// The answer to a question, `n,stat[,area,cell,technology]`, or what the modem says of itself, without `n` (27.007 §10.1.22).
    mutating func take(_ text: String, of domain: Domain, isAnswer: Bool, at uptime: Duration) {
        let fields = ATFields(text)
        let first = isAnswer ? 1 : 0
        guard let status = fields.number(first) else { return }
        let before = registration
        statuses[domain] = Status(
            registration: Registration(status: status),
            area: fields.text(first + 1)?.hexadecimal,
            cell: fields.text(first + 2)?.hexadecimal,
            technology: fields.number(first + 3).flatMap(RadioTechnology.init(accessTechnology:))
        )
        if registration != before || since == nil { since = uptime }
    }

    /// Home before roaming before refused before searching. Circuits alone do not make it registered where the modem knows packets.
    var registration: Registration {
        let data = [statuses[.lte], statuses[.packets]].compactMap { $0?.registration }
        if data.contains(.home) { return .home }
        if data.contains(.roaming) { return .roaming }
        let all = data + (statuses[.circuits].map { [$0.registration] } ?? [])
        if data.allSatisfy({ $0 == .unknown }), let circuits = statuses[.circuits]?.registration { return circuits }
        for candidate in [Registration.denied, .searching, .limited, .idle] where all.contains(candidate) {
            return candidate
        }
        return all.isEmpty || data.contains(.unknown) ? .unknown : .searching
    }

    /// Of the domain that is registered.
    func describe(into network: inout NetworkReport) {
        network.registration = registration
        let best = [Domain.lte, .packets, .circuits].compactMap { statuses[$0] }.first {
            $0.registration == registration && $0.cell != nil
        }
        network.areaCode = best?.area
        network.cellId = best?.cell
        network.technology = best?.technology ?? network.technology
    }
}

extension Registration {
    /// Whether data can flow, where roaming is allowed.
    var isRegistered: Bool { self == .home || self == .roaming }

    fileprivate init(status: Int) {
        switch status {
        case 0: self = .idle
        // 9 and 10: circuit switched fall-back is not preferred, which does not concern data.
        case 1, 9: self = .home
        case 2: self = .searching
        case 3: self = .denied
        case 5, 10: self = .roaming
        case 6, 7, 8, 11: self = .limited
        default: self = .unknown
        }
    }
}

extension RadioTechnology {
    /// `<AcT>` of 27.007 §7.3.
    init?(accessTechnology: Int) {
        switch accessTechnology {
        case 0, 1: self = .gsm
        case 2: self = .umts
        case 3: self = .edge
        case 4...6: self = .hspa
        case 7: self = .lte
        case 8: self = .lteM
        case 9: self = .nbIoT
        case 11...13: self = .nr
        default: return nil
        }
    }
}

extension String {
    /// The text where it is of hexadecimal digits, 8 at most.
    fileprivate var hexadecimal: String? {
        (1...8).contains(utf8.count) && allSatisfy(\.isHexDigit) ? self : nil
    }
}
