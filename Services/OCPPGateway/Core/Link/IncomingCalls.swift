/// CALLs of the central system whose answer is not out yet. Bounded: the central system may have one outstanding
/// (OCPP-J 1.6 §4.1.1), so more than a few are a fault of its own.
struct IncomingCalls: Equatable, Sendable {
    private var ids: Set<String> = []

    /// Nil when the CALL may be handled; otherwise why not.
    mutating func begin(_ id: String) -> String? {
        guard !ids.contains(id) else { return "a CALL with this message id is being handled" }
        guard ids.count < Self.most else { return "too many CALLs are being handled" }
        ids.insert(id)
        return nil
    }

    /// Returns whether an answer may be sent: once, and only on the connection that brought the CALL.
    mutating func finish(_ id: String) -> Bool { ids.remove(id) != nil }

    mutating func removeAll() { ids.removeAll() }

    private static let most = 16
}
