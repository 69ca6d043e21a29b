internal import BusSchema
internal import EventLoop
internal import Glibc
internal import Primitives
internal import ZMTP

/// The socket of a publisher: accepts subscribers, within a share for each user, takes in what they want, and sends it to them.
///
/// All of it on the loop, each piece small and bounded, because subscribers are strangers: nobody may slow a service by listening to it.
final class PublisherSocket {
    /// Connections that are accepted, and sent to, in one turn.
    private static let connectionsPerTurn = 16
    private static let sendsPerTurn = 64
    /// How long a subscriber may take for the handshake, and how long nobody is accepted when the system has no room.
    private static let handshakeLimit = Duration.seconds(5)
    private static let pause = Duration.seconds(1)

    /// Called with topics that a subscriber has begun to want, all that came at once, and with its number.
    var onSubscribed: (([[UInt8]], Int) -> Void)?
    /// Subscribers that were disconnected so far, because they asked for too much or did not read.
    private(set) var cuts = 0

    private let loop: EventLoop
    private let report: (LogRecord) -> Void
    private var arrivals: Arrivals?
    private var deadlines: DeadlineSource?
    private var connections: [Int: SubscriberConnection] = [:]
    private var lastNumber = 0
    private var index = SubscriptionIndex()
    private var shares = ConnectionShares()
    /// Those whose messages are sent after the handler that published them, so that several go together.
    private var due: [Int] = []
    private lazy var sending = PacedQueue<Int>(loop, perTurn: Self.sendsPerTurn, for: "messages to subscribers") {
        [unowned self] number in send(to: number)
    }

    /// The listening socket, and until when it is not looked at.
    private struct Arrivals {
        let listener: Int32
        var watch: Watch?
        var pausedUntil: Duration?
        /// Users of whom it has been said that they are refused.
        var refused: Set<UInt32> = []
        /// What is said of subscribers that were disconnected.
        var disconnections = PacedLines()
    }

    /// - Parameters:
    ///   - listener: Listens for local streams and does not block; it is closed at the end.
    ///   - loop: Its turns.
    ///   - report: Takes what deserves a line in the log.
    init(takingOwnershipOf listener: Int32, loop: EventLoop, report: @escaping (LogRecord) -> Void) {
        self.loop = loop
        self.report = report
        arrivals = Arrivals(listener: listener)
        watchArrivals()
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in nextDeadline },
            fire: { [unowned self] moment in endWhatIsDue(at: moment.uptime) }
        )
    }

    deinit { close() }

    /// Sends what the kernel takes at once, and ends.
    func close() {
        guard let listener = arrivals?.listener else { return }
        if let watch = arrivals?.watch { loop.unwatch(watch) }
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        arrivals = nil
        deadlines = nil
        Glibc.close(listener)
        for connection in connections.values {
            while case .more = connection.send() {}
            if let watch = connection.watch { loop.unwatch(watch) }
        }
        connections.removeAll()
        index = SubscriptionIndex()
    }

    // MARK: - Publishing

    /// Whether nobody wants anything.
    var isIdle: Bool { index.isEmpty }

    /// Whether anybody wants `topic`.
    func isWanted(_ topic: some StringProtocol) -> Bool { index.covers(topic) }

    /// Sends a message to all who want it.
    /// - Parameter parts: The first one is the topic.
    func send(_ parts: [[UInt8]]) {
        guard let topic = parts.first else { return }
        let wanting = index.subscribers(of: topic)
        guard !wanting.isEmpty else { return }
        let message = ZMTPFrame.message(parts)
        for number in wanting { enqueue(message, for: number) }
        limitWhatWaits()
    }

    /// Sends a message to one subscriber.
    func send(_ parts: [[UInt8]], to number: Int) {
        enqueue(ZMTPFrame.message(parts), for: number)
    }

    private func enqueue(_ message: [UInt8], for number: Int) {
        guard let connection = connections[number] else { return }
        connection.enqueue(message)
        if connection.waitingBytes > BusLimits.unreadBytesPerPeer { return cut(number, .unread) }
        sendSoon(number, connection)
    }

    private func sendSoon(_ number: Int, _ connection: SubscriberConnection) {
        guard !connection.isDue, !connection.isBlocked else { return }
        connection.isDue = true
        due.append(number)
        guard due.count == 1 else { return }
        loop.enqueue { [weak self] in
            guard let self else { return }
            sending.add(due)
            due.removeAll()
        }
    }

    private func send(to number: Int) {
        guard let connection = connections[number] else { return }
        connection.isDue = false
        let progress = connection.send()
        connection.isBlocked = progress == .blocked
        switch progress {
        case .ended: end(number)
        case .done: setInterest(.readable, connection)
        case .more, .blocked: setInterest([.readable, .writable], connection)
        }
    }

    private func setInterest(_ interest: Watch.Interest, _ connection: SubscriberConnection) {
        if let watch = connection.watch { loop.modify(watch, interest: interest) }
    }

    /// Together they may not let more wait than this either; who is farthest behind goes.
    private func limitWhatWaits() {
        var total = connections.values.reduce(0) { $0 + $1.waitingBytes }
        while total > BusLimits.unreadBytes,
            let (number, connection) = connections.max(by: { $0.value.waitingBytes < $1.value.waitingBytes })
        {
            total -= connection.waitingBytes
            cut(number, .unread)
        }
    }

    // MARK: - Subscribers

    private func watchArrivals() {
        guard let listener = arrivals?.listener else { return }
        arrivals?.pausedUntil = nil
        arrivals?.watch = loop.watch(descriptor: listener, for: "arriving subscribers") { [unowned self] _ in accept() }
    }

    private func accept() {
        for _ in 0..<Self.connectionsPerTurn {
            guard let arrivals else { return }
            switch LocalSocket.accept(from: arrivals.listener) {
            case .none: return
            case .noRoom(let error):
                if let watch = arrivals.watch { loop.unwatch(watch) }
                self.arrivals?.watch = nil
                self.arrivals?.pausedUntil = EventLoop.uptime() + Self.pause
                return report(LogRecord(.error, "subscribers cannot be accepted", .init("why", "\(error)")))
            case .connection(let descriptor): admit(descriptor)
            }
        }
    }

    private func admit(_ descriptor: Int32) {
        guard let user = LocalSocket.peer(of: descriptor)?.user, shares.add(user) else {
            let user = LocalSocket.peer(of: descriptor)?.user
            Glibc.close(descriptor)
            return tellRefusal(of: user)
        }
        // What waits in the kernel is memory of this service.
        LocalSocket.setSendBuffer(of: descriptor, bytes: SubscriberConnection.bytesPerSend)
        lastNumber += 1
        let number = lastNumber
        let connection = SubscriberConnection(
            takingOwnershipOf: descriptor,
            user: user,
            openedAt: EventLoop.uptime()
        )
        connections[number] = connection
        connection.watch = loop.watch(descriptor: descriptor, for: "subscribers") { [unowned self] readiness in
            if readiness.contains(.writable) { send(to: number) }
            if readiness.contains(.readable) || readiness.contains(.failed) { receive(from: number) }
        }
        send(to: number)
    }

    /// Once for a user, until he has less: whoever is refused tries again and again.
    private func tellRefusal(of user: UInt32?) {
        guard let user, arrivals?.refused.insert(user).inserted == true else { return }
        report(
            LogRecord(
                .warning,
                "a user has too many connections, more are refused",
                .init("user", user),
                .init("connections", shares.count(user))
            )
        )
    }

    private func receive(from number: Int) {
        guard let connection = connections[number] else { return }
        var added: [[UInt8]] = []
        do {
            let isThere = try connection.receive(
                subscribed: {
                    index.insert($0, for: number)
                    added.append($0)
                },
                cancelled: { index.remove($0, for: number) }
            )
            guard isThere else { return end(number) }
            if connection.waitingBytes > 0 { sendSoon(number, connection) }
            if !added.isEmpty { onSubscribed?(added, number) }
        } catch let excess as SubscriberConnection.Excess {
            cut(number, excess)
        } catch {
            tellDisconnection("\(error)")
            end(number)
        }
    }

    private func cut(_ number: Int, _ excess: SubscriberConnection.Excess) {
        cuts += 1
        tellDisconnection(excess.rawValue)
        end(number)
    }

    /// Anybody who may listen could otherwise keep a service from saying anything else.
    private func tellDisconnection(_ reason: String) {
        guard let unsaid = arrivals?.disconnections.sayable(at: EventLoop.uptime()) else { return }
        var record = LogRecord(.warning, "a subscriber was disconnected", .init("because", reason))
        if unsaid > 0 { record.fields.append(.init("unsaid", unsaid)) }
        report(record)
    }

    private func end(_ number: Int) {
        guard let connection = connections.removeValue(forKey: number) else { return }
        for topic in connection.topics.keys { index.remove(topic, for: number) }
        if let watch = connection.watch { loop.unwatch(watch) }
        // Its handler holds nothing of it but the number; so the descriptor is closed here.
        connection.watch = nil
        shares.remove(connection.user)
        if shares.count(connection.user) < BusLimits.connectionsPerUser / 2 {
            arrivals?.refused.remove(connection.user)
        }
    }

    // MARK: - Deadlines

    private var nextDeadline: Deadline? {
        let opened = connections.values.lazy.filter { !$0.isReady }.map(\.openedAt).min()
        let handshake = Deadline(at: opened.map { $0 + Self.handshakeLimit }, for: "a subscriber says nothing")
        return earliest(handshake, Deadline(at: arrivals?.pausedUntil, for: "subscribers are accepted again"))
    }

    private func endWhatIsDue(at now: Duration) {
        if let end = arrivals?.pausedUntil, end <= now { watchArrivals() }
        for (number, connection) in connections where !connection.isReady {
            if connection.openedAt + Self.handshakeLimit <= now { end(number) }
        }
    }
}
