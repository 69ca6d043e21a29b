/// CALLs of the central system whose answer is not out yet: the one place that decides whether an answer may still go out. It may once, on
/// the connection that brought the CALL, and not after the registration was rejected.
struct IncomingCalls: Equatable, Sendable {
    /// How many CALLs of that id are open: more than one only while the others are being refused.
    private var open: [String: Int] = [:]

    /// Notes the CALL. Returns nil when it may be handled; otherwise why it is to be refused at once.
    ///
    /// The central system may have one outstanding (OCPP-J 1.6 §4.1.1), so more than a few are a fault of its own.
    mutating func begin(_ id: String) -> String? {
        let problem: String? =
            if open[id] != nil {
                "a CALL with this message id is being handled"
            } else if open.count >= Self.most {
                "too many CALLs are being handled"
            } else {
                nil
            }
        open[id, default: 0] += 1
        return problem
    }

    /// Returns whether an answer may be sent.
    mutating func finish(_ id: String) -> Bool {
        guard let count = open[id] else { return false }
        open[id] = count > 1 ? count - 1 : nil
        return true
    }

    /// Whether somebody waits for an answer that is none of these.
    func isOpen(besides answered: [String]) -> Bool {
        open.contains { id, count in count > answered.count { $0 == id } }
    }

    /// Nothing that is open may be answered any more.
    mutating func removeAll() { open.removeAll() }

    private static let most = 16
}
