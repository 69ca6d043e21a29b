internal import BusCodec
internal import BusSchema

/// The newest messages of a service, in memory, for the support report. Always on, so it costs nearly nothing: what was written anyway is kept
/// without a copy, and what nobody listened to is not written for it.
final class TrafficRing {
    /// Most messages that are remembered.
    static let mostMessages = 200
    /// Most bytes of payloads; those of the oldest messages go first. With every byte escaped as JSON can, all of it fits into one reply.
    static let mostPayloadBytes = 32 * 1024
    /// A larger payload is not kept: it would push out those of many others.
    static let largestPayload = 4 * 1024

    private struct Entry {
        let at: Int64
        let kind: Header.Kind
        let topic: String
        let id: String
        let source: ServiceName
        let cause: String?
        let note: Note?
        var payload: [UInt8]?
    }

    /// Words that are put together when somebody asks.
    typealias Note = (what: String, name: String)

    private var entries: [Entry] = []
    /// Where the next one goes once all places are taken: that of the oldest.
    private var next = 0
    /// The oldest whose payload may still be there, counted from the oldest.
    private var payloadsFrom = 0
    private var payloadBytes = 0

    /// Remembers a message.
    /// - Parameters:
    ///   - header: Of the message.
    ///   - topic: That of its copy, for a request or a reply.
    ///   - payload: As it was written; nil when it was not.
    ///   - note: What is known of it otherwise.
    func record(_ header: Header, topic: String, payload: [UInt8]?, note: Note? = nil) {
        // Those who ask for the past would push it out.
        guard header.type != ServiceTraffic.type else { return }
        let kept = payload.flatMap { $0.count <= Self.largestPayload ? $0 : nil }
        add(
            Entry(
                at: header.sentAt,
                kind: header.kind,
                topic: topic,
                id: header.id,
                source: header.source,
                cause: header.replyTo ?? header.cause,
                note: note,
                payload: kept
            )
        )
        payloadBytes += kept?.count ?? 0
        while payloadBytes > Self.mostPayloadBytes { forgetOldestPayload() }
    }

    private func add(_ entry: Entry) {
        guard entries.count == Self.mostMessages else { return entries.append(entry) }
        payloadBytes -= entries[next].payload?.count ?? 0
        entries[next] = entry
        next = (next + 1) % Self.mostMessages
        payloadsFrom = max(0, payloadsFrom - 1)
    }

    private func forgetOldestPayload() {
        let index = (next + payloadsFrom) % entries.count
        payloadBytes -= entries[index].payload?.count ?? 0
        entries[index].payload = nil
        payloadsFrom += 1
    }

    /// All that is remembered, the oldest first.
    var messages: [ServiceTraffic.Message] {
        (entries[next...] + entries[..<next]).map { entry in
            ServiceTraffic.Message(
                at: entry.at,
                kind: entry.kind,
                topic: entry.topic,
                id: entry.id,
                source: entry.source,
                cause: entry.cause,
                note: entry.note.map { "\($0.what) \($0.name)" },
                payload: entry.payload.map { String(decoding: $0, as: UTF8.self) }
            )
        }
    }
}
