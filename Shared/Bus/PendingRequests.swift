internal import Primitives

/// Requests that await their answers, each from the socket that it went to, and until its deadline.
struct PendingRequests<Completion> {
    struct Request {
        let deadline: Duration
        let server: Requester.Address
        let completion: Completion
    }

    private var requests: [String: Request] = [:]

    var count: Int { requests.count }

    /// Asked in every turn of the loop. Without a key path, because one into a generic type is put together anew each time it is used.
    var nextDeadline: Duration? {
        var next: Duration?
        for request in requests.values where request.deadline < next ?? .seconds(Int64.max) { next = request.deadline }
        return next
    }

    mutating func add(
        _ id: String,
        to server: Requester.Address,
        within limit: Duration,
        at uptime: Duration,
        _ completion: Completion
    ) {
        let deadline = uptime + min(limit, .longestFromOutside)
        requests[id] = Request(deadline: deadline, server: server, completion: completion)
    }

    /// An answer to the request `id` has come from `server`: nobody answers for another.
    /// - Returns: The request; nil when none is answered, because its deadline has passed or it was answered before.
    mutating func take(_ id: String, answeredBy server: Requester.Address) -> Request? {
        guard requests[id]?.server == server else { return nil }
        return requests.removeValue(forKey: id)
    }

    /// The requests whose deadline has come, the earliest first. They stay until they are given up.
    func overdue(at uptime: Duration) -> [String] {
        let late = requests.filter { $0.value.deadline <= uptime }
        return late.sorted { $0.value.deadline < $1.value.deadline }.map(\.key)
    }

    mutating func giveUp(_ id: String) -> Request? { requests.removeValue(forKey: id) }

    mutating func giveUpAll() -> [Request] {
        defer { requests = [:] }
        return Array(requests.values)
    }
}
