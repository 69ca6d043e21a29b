import OCPP

/// What this charge point knows about an identifier by itself: from a local list or a cache, once there is one.
enum LocalKnowledge: Equatable, Sendable {
    case unknown
    case accepted(IdTagInfo)
    /// Blocked, expired or invalid.
    case refused
}

/// Whether an identifier may charge, whom to ask: OCPP 1.6 §3.5 as a table.
enum AuthorizationRules {
    enum Decision: Equatable {
        case ask
        case accept
        case refuse
    }

    private enum Link { case online, offline }

    private enum Known { case unknown, accepted, refused, anything }

    private enum Condition { case always, localPreAuthorize, localAuthorizeOffline, allowOfflineTxForUnknownId }

    private struct Rule {
        var link: Link
        var known: Known
        var condition: Condition
        var decision: Decision

        init(_ link: Link, _ known: Known, when condition: Condition = .always, _ decision: Decision) {
            self.link = link
            self.known = known
            self.condition = condition
            self.decision = decision
        }
    }

    /// The first row that fits decides.
    private static let rules: [Rule] = [
        Rule(.online, .accepted, when: .localPreAuthorize, .accept),  // §9.1.13
        Rule(.online, .anything, .ask),  // also what is known as not valid (§3.5.1)
        Rule(.offline, .accepted, when: .localAuthorizeOffline, .accept),  // §9.1.12
        Rule(.offline, .unknown, when: .allowOfflineTxForUnknownId, .accept),  // §9.1.1, independent of the row above
        Rule(.offline, .anything, .refuse),
    ]

    static func decide(isOnline: Bool, knowledge: LocalKnowledge, keys: OCPPKeys) -> Decision {
        let link: Link = isOnline ? .online : .offline
        let known: Known =
            switch knowledge {
            case .unknown: .unknown
            case .accepted: .accepted
            case .refused: .refused
            }
        let rule = rules.first { rule in
            rule.link == link && (rule.known == .anything || rule.known == known) && holds(rule.condition, keys)
        }
        return rule?.decision ?? .refuse
    }

    private static func holds(_ condition: Condition, _ keys: OCPPKeys) -> Bool {
        switch condition {
        case .always: true
        case .localPreAuthorize: keys.localPreAuthorize
        case .localAuthorizeOffline: keys.localAuthorizeOffline
        case .allowOfflineTxForUnknownId: keys.allowOfflineTxForUnknownId
        }
    }
}
