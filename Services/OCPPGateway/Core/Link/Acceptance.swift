import Primitives

/// Whether the central system has ever accepted this charger with the connection settings in force. Before that nobody may charge: users
/// cannot be authenticated, and it is uncertain whether their transactions could ever be delivered (OCPP 1.6 §4.2.1).
struct Acceptance: Equatable, Sendable {
    private enum Keeping: Equatable {
        /// On disk, or nothing to keep yet. Next: saving.
        case settled
        /// What an older version did not keep. Next: saving.
        case owed
        /// There is a document that nobody can read, which is no reason to replace it by a guess. Next: saving, with an acceptance.
        case unread
        /// Next: settled, failed.
        case saving
        /// Next: saving.
        case failed(retryAt: Duration)
    }

    private static let retryAfter = Duration.seconds(60)

    private(set) var isAccepted: Bool
    /// Nil without a central system, which nobody can be accepted by.
    private let settings: RegistrationDocument?
    private var keeping = Keeping.settled

    /// - Parameters:
    ///   - profile: The connection settings in force.
    ///   - found: Those of the newest acceptance, if that was ever saved.
    ///   - isUnread: There is a document that the device cannot read, whatever it says.
    ///   - hasDelivered: The journal knows of a message that a central system has answered, which it does after an acceptance only. Where no
    ///     document says under which settings that was, they are taken to be those in force: versions before the document kept none, and
    ///     their chargers are not to stand still after an update until there is a connection. From then on the document says it.
    init(_ profile: ConnectionProfile?, found: RegistrationDocument?, isUnread: Bool = false, hasDelivered: Bool) {
        settings = profile.map { RegistrationDocument($0) }
        let isInherited = found == nil && hasDelivered
        isAccepted = settings != nil && (settings == found || isInherited)
        if isUnread {
            keeping = .unread
        } else if isAccepted, isInherited {
            keeping = .owed
        }
    }

    /// To be called once, before anything else. Returns what is to be saved, if an older version did not.
    mutating func start() -> RegistrationDocument? { keeping == .owed ? save() : nil }

    /// BootNotification was accepted. Returns what is to be saved, if this is the first time, or nobody can read what was saved then.
    mutating func accepted() -> RegistrationDocument? {
        guard !isAccepted || keeping == .unread else { return nil }
        isAccepted = true
        return save()
    }

    mutating func saved(_ outcome: SaveOutcome, at uptime: Duration) {
        keeping = outcome == .done ? .settled : .failed(retryAt: uptime + Self.retryAfter)
    }

    var nextDeadline: Deadline? {
        guard case .failed(let retryAt) = keeping else { return nil }
        return Deadline(at: retryAt, for: "the acceptance is saved again")
    }

    /// Returns what is to be saved by now.
    mutating func deadlineReached(at uptime: Duration) -> RegistrationDocument? {
        nextDeadline?.isDue(at: uptime) == true ? save() : nil
    }

    private mutating func save() -> RegistrationDocument? {
        keeping = .saving
        return settings
    }
}
