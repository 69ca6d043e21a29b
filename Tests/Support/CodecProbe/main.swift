// Lets another program check the codec: one JSON object per line in, one per line out. Used by Tests/OCPPSchema.

import Glibc
import JSON
import OCPP
import OCPPCodec
import OCPPSamples

/// What is asked. Without `text`: all sample messages.
struct Question: Decodable {
    /// The frame to read.
    var text: String?
    /// Who reads it: `chargePoint` or `centralSystem`.
    var role: String?
    /// The action of the pending call, when the frame is its answer.
    var pending: String?
}

/// What the codec made of a frame.
struct Verdict: Encodable {
    /// The case of `IncomingMessage`.
    var verdict: String
    var id: String?
    /// Code of the CALLERROR to answer with, or of the one received.
    var code: String?
    /// Description of the error, or the reason for dropping the frame.
    var reason: String?
    /// The message written again.
    var again: String?
}

/// One message that we write.
struct Sample: Encodable {
    var action: String
    var frame: String
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func verdict(of message: IncomingMessage) -> Verdict {
    switch message {
    case .call(let id, let request):
        Verdict(verdict: "call", id: id, again: text(MessageCodec.encodeCall(id: id, request)))
    case .callResult(let id, let confirmation):
        Verdict(verdict: "callResult", id: id, again: text(MessageCodec.encodeResult(id: id, confirmation)))
    case .callError(let id, let error):
        Verdict(
            verdict: "callError",
            id: id,
            code: error.code.rawValue,
            reason: error.errorDescription,
            again: text(MessageCodec.encodeError(id: id, error))
        )
    case .rejectedCall(let id, _, let error):
        Verdict(verdict: "rejectedCall", id: id, code: error.code.rawValue, reason: error.errorDescription)
    case .undecodableResult(let id, let unreadable):
        Verdict(verdict: "undecodableResult", id: id, reason: unreadable.problem)
    case .ignored(let reason):
        Verdict(verdict: "ignored", reason: reason)
    }
}

func samples() -> [Sample] {
    (OCPPSamples.fullRequests + OCPPSamples.minimalRequests).map {
        Sample(action: $0.action.rawValue, frame: text(MessageCodec.encodeCall(id: "sample", $0)))
    }
        + (OCPPSamples.fullConfirmations + OCPPSamples.minimalConfirmations).map {
            Sample(action: $0.action.rawValue, frame: text(MessageCodec.encodeResult(id: "sample", $0)))
        }
}

/// Sends the line at once: who asks waits for it.
func answer(_ bytes: [UInt8]) {
    print(text(bytes))
    fflush(nil)
}

while let line = readLine() {
    let question = try JSON.decode(Question.self, from: Array(line.utf8))
    guard let frame = question.text else {
        answer(try JSON.encode(samples()))
        continue
    }
    let codec = MessageCodec(role: question.role == "centralSystem" ? .centralSystem : .chargePoint)
    let pending = question.pending.flatMap(Action.init(rawValue:))
    answer(try JSON.encode(verdict(of: codec.decode(Array(frame.utf8)) { _ in pending })))
}
