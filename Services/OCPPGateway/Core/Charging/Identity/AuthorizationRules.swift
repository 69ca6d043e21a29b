import OCPP

/// Whether an identifier may charge, or whom to ask: OCPP 1.6 §3.5 and §4.1 as a table, which the README of the gateway prints.
enum AuthorizationRules {
    /// Who may have a word on an identifier here, by priority: what the local list says counts more than what the cache says (§3.5.3).
    enum Source: String, CaseIterable {
        /// LocalAuthListManagement, which is not built: it has no word on anybody yet.
        case localList = "local list"
        case cache = "cache"
    }

    enum Connection: String, CaseIterable {
        /// Also while the registration is being asked for: who is to be asked about waits for it.
        case online
        /// No WebSocket, or the central system answered Pending or Rejected (`CentralSystemReach`).
        case offline
    }

    /// What the first source that knows an identifier says of it.
    enum Word: String, CaseIterable {
        case accepted = "Accepted"
        /// Blocked, Invalid, ConcurrentTx, Expired, or Accepted until a date that has passed (§3.5.4).
        case notAccepted = "not Accepted"
        /// No source has it.
        case unknown
    }

    /// A key that decides.
    enum Key: String {
        case localPreAuthorize = "LocalPreAuthorize"
        case localAuthorizeOffline = "LocalAuthorizeOffline"
        case allowOfflineTxForUnknownId = "AllowOfflineTxForUnknownId"

        func value(in keys: CoreKeys) -> Bool {
            switch self {
            case .localPreAuthorize: keys.localPreAuthorize
            case .localAuthorizeOffline: keys.localAuthorizeOffline
            case .allowOfflineTxForUnknownId: keys.allowOfflineTxForUnknownId
            }
        }
    }

    enum Decision: String {
        case ask
        case accept
        case refuse
    }

    /// A key with the value that it must have.
    struct Condition: Equatable {
        var key: Key
        var value: Bool
    }

    struct Row: Equatable {
        var connection: Connection
        var word: Word
        /// Nil where no key matters.
        var condition: Condition?
        var decision: Decision

        init(_ connection: Connection, _ word: Word, _ key: Key, _ value: Bool, _ decision: Decision) {
            self.init(connection, word, decision)
            condition = Condition(key: key, value: value)
        }

        init(_ connection: Connection, _ word: Word, _ decision: Decision) {
            self.connection = connection
            self.word = word
            self.decision = decision
        }

        func applies(_ connection: Connection, _ word: Word, _ keys: CoreKeys) -> Bool {
            guard self.connection == connection, self.word == word else { return false }
            return condition.map { $0.key.value(in: keys) == $0.value } ?? true
        }
    }

    /// For every circumstance exactly one row.
    static let table: [Row] = [
        Row(.online, .accepted, .localPreAuthorize, true, .accept),  // §9.1.13
        Row(.online, .accepted, .localPreAuthorize, false, .ask),
        Row(.online, .notAccepted, .ask),  // It may be valid by now (§3.5.1).
        Row(.online, .unknown, .ask),  // §4.1
        Row(.offline, .accepted, .localAuthorizeOffline, true, .accept),  // §9.1.12
        Row(.offline, .accepted, .localAuthorizeOffline, false, .refuse),
        Row(.offline, .notAccepted, .refuse),  // Whatever unknown identifiers may do (§3.5.4).
        Row(.offline, .unknown, .allowOfflineTxForUnknownId, true, .accept),  // §9.1.1
        Row(.offline, .unknown, .allowOfflineTxForUnknownId, false, .refuse),
    ]

    static func decide(_ connection: Connection, _ word: Word, _ keys: CoreKeys) -> Decision {
        let row = table.first { $0.applies(connection, word, keys) }
        guard let row else { preconditionFailure("The table has a row for every circumstance.") }
        return row.decision
    }
}

/// What is known of an identifier here, without asking.
struct KnownIdentifier: Equatable {
    var source: AuthorizationRules.Source
    var info: IdTagInfo
    /// Its permission has an end, and nobody knows the time: whether it is over cannot be told.
    var mayHaveExpired: Bool

    /// The word of the first source that has one.
    init?(_ said: [AuthorizationRules.Source: IdTagInfo], isTimeKnown: Bool) {
        guard let source = AuthorizationRules.Source.allCases.first(where: { said[$0] != nil }), let info = said[source]
        else { return nil }
        self.source = source
        self.info = info
        mayHaveExpired = !isTimeKnown && info.status == .accepted && info.expiryDate != nil
    }

    var word: AuthorizationRules.Word { info.status == .accepted && !mayHaveExpired ? .accepted : .notAccepted }

    /// Why it may not charge.
    var refusal: String {
        mayHaveExpired ? "may have expired: the time is not known" : "\(info.status.rawValue) (\(source.rawValue))"
    }
}
