import OCPP
import OCPPCodec
import OCPPSamples
import Primitives
import Testing

/// Damaged frames: whatever arrives, the codec gives an answer, and the answer can be sent.
@Suite struct MutationTests {
    static let frames: [[UInt8]] =
        (OCPPSamples.fullRequests + OCPPSamples.minimalRequests).map { MessageCodec.encodeCall(id: "id", $0) }
        + (OCPPSamples.fullConfirmations + OCPPSamples.minimalConfirmations).map {
            MessageCodec.encodeResult(id: "id", $0)
        }
        + CallErrorCode.allCases.map { MessageCodec.encodeError(id: "id", CallError(code: $0)) }

    /// Pieces that hurt parsers.
    static let splices = [
        "null", "true", "-", "1e999", "[", "]", "{", "}", ",", ":", "\"", "\\", #"\ud800"#, #"\u0000"#, "\u{FEFF}",
        "99999999999999999999", "[[[[[[[[", #"{"a":"#, "2", "3", "4", "0", " ",
    ].map { Array($0.utf8) }

    /// One to four random edits.
    static func damaged(_ frame: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = frame
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let position = Int.random(in: 0...bytes.count, using: &random)
            let end = Int.random(in: position...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(position..<min(position + 1, bytes.count))
            case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
            case 2: bytes.insert(contentsOf: splices.randomElement(using: &random) ?? [], at: position)
            case 3 where position < bytes.count: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 4: bytes.removeSubrange(position..<end)
            default: bytes.insert(contentsOf: bytes[position..<end], at: position)
            }
        }
        return bytes
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>) func aDamagedFrameGetsAnAnswerThatCanBeSent(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var seen: Set<String> = []
        for _ in 0..<4000 {
            let frame = Self.damaged(Self.frames.randomElement(using: &random) ?? [], &random)
            let role = Role.allCases.randomElement(using: &random) ?? .chargePoint
            let pending = Action.allCases.randomElement(using: &random)
            switch MessageCodec(role: role).decode(frame, actionOfPendingCall: { _ in pending }) {
            case .call(let id, let request):
                seen.insert("call")
                let again = MessageCodec(role: role).decode(MessageCodec.encodeCall(id: id, request)) { _ in nil }
                #expect(again == .call(id: id, request), "seed \(seed): \(Frames.text(frame))")
            case .callResult(let id, let confirmation):
                seen.insert("callResult")
                let bytes = MessageCodec.encodeResult(id: id, confirmation)
                let again = MessageCodec(role: role).decode(bytes) { _ in confirmation.action }
                #expect(again == .callResult(id: id, confirmation), "seed \(seed): \(Frames.text(frame))")
            case .callError(let id, let error):
                seen.insert("callError")
                #expect(!MessageCodec.encodeError(id: id, error).isEmpty)
            case .rejectedCall(let id, _, let error):
                seen.insert("rejectedCall")
                let answer = MessageCodec(role: role.peer).decode(MessageCodec.encodeError(id: id, error)) { _ in .reset
                }
                #expect(answer == .callError(id: id, error), "seed \(seed): \(Frames.text(frame))")
            case .undecodableResult(_, let unreadable):
                seen.insert("undecodableResult")
                #expect(!unreadable.problem.isEmpty)
            case .ignored(let reason):
                seen.insert("ignored")
                #expect(!reason.isEmpty)
            }
        }
        #expect(seen.count == 6, "The damage must reach every outcome; seed \(seed) reached \(seen.sorted()).")
    }
}
