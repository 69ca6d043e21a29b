internal import BusSchema
internal import EventLoop
internal import Glibc
internal import ZMTP

/// One subscriber as its publisher has it: what it asked for and what waits for it.
final class SubscriberConnection {
    /// Why a connection was shut down.
    enum Excess: String, Error {
        case subscriptions = "it asked for too many or too long topics"
        case unread = "it does not read what it asked for"
    }

    /// What became of an attempt to send.
    enum Progress {
        case done
        /// There is more, and the kernel takes more.
        case more
        /// The kernel takes no more now.
        case blocked
        /// The other side is gone.
        case ended
    }

    /// Bytes that are taken in at once: some dozens of topics. The rest waits for the next turn, so that a crowd leaves room for all else.
    static let bytesPerTurn = 256
    /// Bytes that are given to the kernel at once.
    static let bytesPerSend = 32 * 1024

    let descriptor: Int32
    let user: UInt32
    let openedAt: Duration
    var watch: Watch?
    /// It is among those that are sent to in this turn.
    var isDue = false
    /// The kernel takes nothing more for it until it has read something.
    var isBlocked = false
    /// What it asked for, and how often.
    private(set) var topics: [[UInt8]: Int] = [:]
    private var queue = OutgoingQueue()
    private var protocolEnd = ZMTPPublisher(longestTopic: BusLimits.topicBytes)
    private var asked: (topics: Int, bytes: Int) = (0, 0)

    /// - Parameters:
    ///   - descriptor: Of a connection that does not block. It is closed with this.
    ///   - user: At the other end.
    ///   - openedAt: Uptime.
    init(takingOwnershipOf descriptor: Int32, user: UInt32, openedAt: Duration) {
        self.descriptor = descriptor
        self.user = user
        self.openedAt = openedAt
        queue.append(ZMTPPublisher.opening)
    }

    deinit { close(descriptor) }

    var isReady: Bool { protocolEnd.isReady }
    /// Bytes that wait for it in this process.
    var waitingBytes: Int { queue.bytes }

    /// Lets a message wait for it. Beyond the limit in messages, the message is dropped for it alone.
    func enqueue(_ message: [UInt8]) {
        guard queue.count < BusLimits.publishQueue else { return }
        queue.append(message)
    }

    /// Sends what the kernel takes at once.
    func send() -> Progress {
        var isGone = false
        let isAllTaken = queue.send(most: Self.bytesPerSend) { bytes in
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count < 0 { isGone = ![EAGAIN, EINTR].contains(errno) }
            return max(count, 0)
        }
        if isGone { return .ended }
        return isAllTaken ? (queue.isEmpty ? .done : .more) : .blocked
    }

    // MARK: - What it asks for

    /// Takes in what it sent, a part of it.
    /// - Parameters:
    ///   - subscribed: Called with each topic that it wants now.
    ///   - cancelled: Called with each that it does not want any more.
    /// - Returns: False when the other side is gone.
    /// - Throws: `ZMTPViolation` or `Excess`.
    func receive(subscribed: ([UInt8]) -> Void, cancelled: ([UInt8]) -> Void) throws -> Bool {
        var isGone = false
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.bytesPerTurn) { buffer, count in
            let result = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            isGone = result == 0 || (result < 0 && ![EAGAIN, EINTR].contains(errno))
            count = max(result, 0)
        }
        guard !isGone else { return false }
        for event in try protocolEnd.receive(bytes) {
            switch event {
            case .ready: break
            case .answer(let bytes): enqueue(bytes)
            case .subscribe(let topic):
                asked.topics += 1
                asked.bytes += topic.count
                guard asked.topics <= BusLimits.subscriptionsPerPeer, asked.bytes <= BusLimits.topicBytesPerPeer else {
                    throw Excess.subscriptions
                }
                topics[topic, default: 0] += 1
                subscribed(topic)
            case .cancel(let topic):
                guard let times = topics[topic] else { break }
                topics[topic] = times > 1 ? times - 1 : nil
                if times == 1 { cancelled(topic) }
            }
        }
        return true
    }
}
