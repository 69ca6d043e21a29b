internal import BusSchema
internal import EventLoop
internal import Primitives

/// Makes the headers of one process: unique ids, both clocks.
struct HeaderFactory {
    let source: ServiceName
    private let prefix: String
    private var count: UInt64 = 0

    init(source: ServiceName) {
        self.source = source
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        let letters = (0..<8).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        prefix = String(decoding: letters, as: UTF8.self) + "-"
    }

    mutating func make(
        _ kind: Header.Kind,
        type: String,
        seq: Int64? = nil,
        replyTo: String? = nil,
        transaction: String? = nil,
        cause: String? = nil,
        expiresAt: Int64? = nil
    ) -> Header {
        count += 1
        let now = EventLoop.now()
        return Header(
            kind: kind,
            type: type,
            id: prefix + String(count, radix: 36),
            source: source,
            sentAt: now.utc.millisecondsSinceEpoch,
            uptime: now.uptime.wholeMilliseconds,
            seq: seq,
            replyTo: replyTo,
            transaction: transaction,
            cause: cause,
            expiresAt: expiresAt
        )
    }
}
