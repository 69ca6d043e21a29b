/// CALLs of the central system whose answer is not out yet: the one place that decides whether an answer may still go out. It may once, on
/// the connection that brought the CALL, and not after the registration was rejected.
///
/// Inside the gateway a CALL goes by a ticket instead of its message id. Ids are the central system's, and before JE §3.1 they had to
/// differ on one connection only (J §4.1.4): whoever answers late would answer another CALL of the next connection. No two CALLs of a
/// process have one ticket.
struct IncomingCalls: Equatable, Sendable {
    /// Message ids by ticket.
    private var open: [String: String] = [:]
    private var lastTicket = 0

    /// Notes the CALL under a ticket. The problem is nil when it may be handled; otherwise why it is to be refused at once.
    ///
    /// The central system may have one outstanding (OCPP-J 1.6 §4.1.1), so more than a few are a fault of its own.
    mutating func begin(_ id: String) -> (ticket: String, problem: String?) {
        let problem: String? =
            if open.values.contains(id) {
                "a CALL with this message id is being handled"
            } else if open.count >= Self.most {
                "too many CALLs are being handled"
            } else {
                nil
            }
        lastTicket += 1
        let ticket = "ticket \(lastTicket)"
        open[ticket] = id
        return (ticket, problem)
    }

    /// Returns the message id for the answer; nil when none may be sent.
    mutating func finish(_ ticket: String) -> String? { open.removeValue(forKey: ticket) }

    /// Whether somebody waits for an answer that is none of these.
    func isOpen(besides answered: [String]) -> Bool { open.keys.contains { !answered.contains($0) } }

    /// Nothing that is open may be answered any more.
    mutating func removeAll() { open.removeAll() }

    private static let most = 16
}
