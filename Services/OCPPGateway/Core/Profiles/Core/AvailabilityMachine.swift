import OCPP
import Primitives

/// Why a connector, or the charge point as connector 0, is not to be used.
enum InoperabilityReason: Hashable, Sendable {
    /// ChangeAvailability (OCPP 1.6 §5.2). The only one that is kept on disk.
    case centralSystem
    /// The device cannot read what the central system had ordered. Until it orders again, nothing is taken into service that it may have
    /// taken out; whoever looks sees Unavailable and can change it from afar.
    case unread
    /// The central system has never accepted this charger with the connection settings in force (OCPP 1.6 §4.2.1; §4.9 lets it be Unavailable).
    case registration
    /// A Reset is under way: nothing new begins, because nobody would end it (OCPP 1.6 §5.14).
    case reset

    /// What a connector without user says then; nil when it says nothing of it. A Reset is over before anybody could make use of that.
    var status: ChargePointStatus? {
        switch self {
        case .centralSystem, .unread, .registration: .unavailable
        case .reset: nil
        }
    }

    /// Why it is Unavailable, for people.
    static func sentence(of reasons: Set<InoperabilityReason>) -> String {
        if reasons.contains(.registration) {
            return "The central system of this address has not accepted this charger yet: nobody may charge before."
        }
        if reasons == [.unread] {
            return "Its availability cannot be read from the disk: out of service until the central system changes it."
        }
        return "Taken out of service by the central system."
    }

    /// The one that says most: of several, Unavailable.
    static func status(of reasons: Set<InoperabilityReason>) -> ChargePointStatus? {
        let statuses = reasons.compactMap(\.status)
        return statuses.contains(.unavailable) ? .unavailable : statuses.first
    }
}

/// Who may not be used, and why: a set of reasons for each connector and one for the charge point. A connector is operative when neither of
/// the two has a reason in it.
///
/// A change by the central system is on disk before it is in force, and in force before it is answered. One is saved at a time; those that
/// come meanwhile wait in their order. After a failure the file may say what was rejected: what is in force is written again until the disk
/// takes it.
struct AvailabilityMachine: Equatable, Sendable {
    /// A ChangeAvailability that was asked for.
    struct Change: Equatable, Sendable {
        var callId: String
        /// 0 is the charge point.
        var connectorId: Int
        var isOperative: Bool
    }

    /// What is to be done.
    struct Orders: Equatable, Sendable {
        /// On disk and in force now: to be followed by the connectors, and answered.
        var changed: [Change] = []
        /// Cannot be kept, and so is not done: the ids of the CALLs.
        var rejected: [String] = []
        /// To be saved; `saved` or `saveFailed` follows.
        var save: AvailabilityDocument?
    }

    private enum Save: Equatable {
        /// The file says what is in force. Next: change.
        case none
        /// What is in force is being written, because the file may say something else. Next: none, failed.
        case inForce(AvailabilityDocument)
        /// The document as the first of `changes` makes it is being written. Next: none, failed.
        case change(AvailabilityDocument)
        /// What the file says is anybody's guess; what is in force is written again then, if no change comes before. Next: inForce, change.
        case failed(retryAt: Duration)
    }

    private static let firstRetryAfter = Duration.seconds(5)
    private static let longestRetryAfter = Duration.seconds(320)

    /// There was a document that could not be read.
    let isUnread: Bool
    private let connectorIds: [Int]
    private var reasons: [Int: Set<InoperabilityReason>] = [:]
    /// What the file says; nil when that is not certain.
    private var onDisk: AvailabilityDocument?
    private var save = Save.none
    /// How long the next failure waits; it doubles with each.
    private var retryAfter = Self.firstRetryAfter
    /// Asked for and not in force yet.
    private var changes: [Change] = []

    /// - Parameters:
    ///   - connectorIds: All connectors, without 0. What was kept of others is forgotten.
    ///   - document: What was found on disk, if there was any.
    ///   - inherited: What an older version kept in the journal of transactions; counts only without a document.
    ///   - isUnread: There is a document that the device cannot read. A damaged one is none: nobody could ever read it, and it must not
    ///     stop a charger for ever.
    init(connectorIds: [Int], document: AvailabilityDocument?, inherited: Set<Int> = [], isUnread: Bool = false) {
        self.connectorIds = connectorIds
        self.isUnread = isUnread
        guard !isUnread else {
            // Each by itself, because an order settles only what it is about: one for a connector says nothing about the charge point.
            for id in [0] + connectorIds { reasons[id] = [.unread] }
            return
        }
        onDisk = document ?? (inherited.isEmpty ? AvailabilityDocument() : nil)
        for id in document?.inoperative ?? inherited.sorted() where id == 0 || connectorIds.contains(id) {
            reasons[id] = [.centralSystem]
        }
    }

    /// Everything that speaks against using that one; for a connector, also what speaks against the charge point.
    func reasons(for connectorId: Int) -> Set<InoperabilityReason> {
        (reasons[0] ?? []).union(reasons[connectorId] ?? [])
    }

    /// Sets or lifts a reason that is not kept on disk.
    mutating func set(_ reason: InoperabilityReason, on connectorId: Int, _ holds: Bool) {
        if holds { reasons[connectorId, default: []].insert(reason) } else { reasons[connectorId]?.remove(reason) }
    }

    // MARK: - Saving

    /// Gives a document to what has none yet. To be called once, before anything else.
    mutating func start() -> Orders {
        // What cannot be read stays until there is something better: the next start may be able to.
        onDisk == nil && !isUnread ? saveInForce() : Orders()
    }

    var nextDeadline: Deadline? {
        guard case .failed(let retryAt) = save else { return nil }
        return Deadline(at: retryAt, for: "the availability in force is saved again")
    }

    mutating func deadlineReached(at uptime: Duration) -> Orders {
        guard case .failed(let retryAt) = save, retryAt <= uptime else { return Orders() }
        return retry()
    }

    /// The program may end: what waits for another attempt gets it now.
    mutating func retry() -> Orders {
        guard case .failed = save else { return Orders() }
        return saveInForce()
    }

    private mutating func saveInForce() -> Orders {
        save = .inForce(document)
        return Orders(save: document)
    }

    /// ChangeAvailability.
    mutating func change(_ change: Change) -> Orders {
        guard change.connectorId == 0 || connectorIds.contains(change.connectorId) else {
            return Orders(rejected: [change.callId])
        }
        changes.append(change)
        return proceed(Orders())
    }

    /// The document is on disk.
    mutating func saved() -> Orders {
        switch save {
        case .none, .failed: return Orders()
        case .inForce(let document), .change(let document): onDisk = document
        }
        save = .none
        retryAfter = Self.firstRetryAfter
        return proceed(Orders())
    }

    /// The document could not be saved; what the file says now is anybody's guess.
    mutating func saveFailed(at uptime: Duration) -> Orders {
        var orders = Orders()
        switch save {
        case .none, .failed: return Orders()
        case .inForce: break
        case .change: orders.rejected = [changes.removeFirst().callId]
        }
        onDisk = nil
        save = .failed(retryAt: uptime + retryAfter)
        retryAfter = min(retryAfter * 2, Self.longestRetryAfter)
        return proceed(orders)
    }

    /// Puts in force what is on disk, and has the next change saved.
    private mutating func proceed(_ orders: Orders) -> Orders {
        var orders = orders
        while !isSaving, let change = changes.first {
            let after = AvailabilityDocument(inoperative: outOfService(after: change).sorted())
            guard after == onDisk else {
                save = .change(after)
                orders.save = after
                break
            }
            for id in affected(by: change) {
                // An order settles what was unknown before.
                set(.unread, on: id, false)
                set(.centralSystem, on: id, !change.isOperative)
            }
            orders.changed.append(changes.removeFirst())
        }
        return orders
    }

    // MARK: - Parts

    private var isSaving: Bool {
        switch save {
        case .none, .failed: false
        case .inForce, .change: true
        }
    }

    private var document: AvailabilityDocument { AvailabilityDocument(inoperative: outOfService.sorted()) }

    private var outOfService: Set<Int> {
        Set(reasons.filter { !$0.value.isDisjoint(with: [.centralSystem, .unread]) }.keys)
    }

    private func outOfService(after change: Change) -> Set<Int> {
        let ids = affected(by: change)
        return change.isOperative ? outOfService.subtracting(ids) : outOfService.union(ids)
    }

    /// Whose own state the change sets. Going into service, the charge point takes all of its connectors along (OCPP 1.6 §5.2: connector 0
    /// stands for the charge point and all connectors); going out of service, they keep their own state below it.
    private func affected(by change: Change) -> [Int] {
        change.connectorId == 0 && change.isOperative ? [0] + connectorIds : [change.connectorId]
    }
}
