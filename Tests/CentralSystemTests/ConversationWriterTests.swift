import CentralSystem
import OCPP
import Primitives
import Testing

@Suite struct ConversationWriterTests {
    private func line(_ sender: Role, _ action: String, _ payload: String, _ answer: String?) -> [Substring] {
        var writer = ConversationWriter(colours: false)
        let exchange = Exchange(
            chargePoint: "CP1",
            sender: sender,
            action: action,
            call: Array("[2,\"1\",\"\(action)\",\(payload)]".utf8),
            answer: answer.map { .text(Array($0.utf8)) } ?? .none(reason: "no answer"),
            duration: .microseconds(1260)
        )
        let time = Timestamp(millisecondsSinceEpoch: 1_800_000_000_123)
        return writer.line(for: exchange, at: time).split(separator: "  ", omittingEmptySubsequences: true)
    }

    private func words(_ parts: [Substring]) -> [String] {
        parts.map { part in
            var part = part
            while part.first == " " { part.removeFirst() }
            while part.last == " " { part.removeLast() }
            return String(part)
        }
    }

    @Test(arguments: [
        (
            "BootNotification",
            "{\"chargePointVendor\":\"V\",\"chargePointModel\":\"M\",\"firmwareVersion\":\"1.2\"}",
            "{\"status\":\"Accepted\",\"currentTime\":\"2027-01-15T08:00:00Z\",\"interval\":300}",
            "V M, firmware 1.2", "Accepted, heartbeat every 300 s"
        ),
        (
            "StatusNotification", "{\"connectorId\":1,\"errorCode\":\"GroundFailure\",\"status\":\"Faulted\"}", "{}",
            "connector 1 Faulted, GroundFailure", "ok"
        ),
        (
            "StartTransaction", "{\"connectorId\":1,\"idTag\":\"A\",\"meterStart\":5,\"timestamp\":\"t\"}",
            "{\"idTagInfo\":{\"status\":\"Accepted\",\"parentIdTag\":\"G\"},\"transactionId\":9}",
            "connector 1, card A, meter 5 Wh", "Accepted, group G, transaction 9"
        ),
        (
            "MeterValues",
            "{\"connectorId\":1,\"transactionId\":9,\"meterValue\":[{\"timestamp\":\"t\",\"sampledValue\":"
                + "[{\"value\":\"7\"},{\"value\":\"16\",\"unit\":\"A\",\"phase\":\"L1\"}]}]}",
            "{}", "transaction 9, 7 Wh, 16 A L1", "ok"
        ),
        (
            "StopTransaction", "{\"transactionId\":9,\"meterStop\":8,\"timestamp\":\"t\",\"reason\":\"Local\"}", "{}",
            "transaction 9, meter 8 Wh, Local", "ok"
        ),
    ])
    func aMessageIsOneLineInWords(action: String, payload: String, answer: String, said: String, told: String) {
        let parts = words(line(.chargePoint, action, payload, "[3,\"1\",\(answer)]"))
        #expect(parts == ["08:00:00.123", "CP1 → \(action)", said, told, "1.3 ms"])
    }

    @Test func callsOfTheCentralSystemPointTheOtherWay() {
        let answer =
            "[3,\"1\",{\"configurationKey\":[{\"key\":\"K\",\"readonly\":false,\"value\":\"7\"}],\"unknownKey\":[\"X\"]}]"
        let parts = words(line(.centralSystem, "GetConfiguration", "{\"key\":[\"K\",\"X\"]}", answer))
        #expect(parts == ["08:00:00.123", "CP1 ← GetConfiguration", "key [\"K\",\"X\"]", "K = 7, X unknown", "1.3 ms"])
    }

    @Test func errorsAndSilenceAreSaid() {
        let error = words(
            line(.centralSystem, "Reset", "{\"type\":\"Hard\"}", "[4,\"1\",\"InternalError\",\"why\",{}]")
        )
        let silence = words(line(.centralSystem, "Reset", "{\"type\":\"Hard\"}", nil))
        #expect(error.dropFirst(2) == ["type Hard", "CALLERROR InternalError: why", "1.3 ms"])
        #expect(silence.dropFirst(2) == ["type Hard", "no answer", "1.3 ms"])
    }

    @Test func coloursAreOnlyWrittenWhenWanted() {
        var plain = ConversationWriter(colours: false)
        var painted = ConversationWriter(colours: true)
        let time = Timestamp(millisecondsSinceEpoch: 0)
        #expect(!plain.line("connected", of: "CP1", at: time).contains("\u{1B}"))
        #expect(painted.line("connected", of: "CP1", at: time).contains("\u{1B}"))
    }
}
