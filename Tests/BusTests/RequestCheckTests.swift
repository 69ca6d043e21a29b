import BusSchema
import Testing

@testable import Bus

@Suite struct RequestCheckTests {
    private func header(expiresAt: Int64?) -> Header {
        Header(kind: .request, type: "a.b", id: "1", source: .chargectl, sentAt: 0, uptime: 0, expiresAt: expiresAt)
    }

    @Test func aRequestIsInTimeUpToItsLastMillisecondAndExpiredInTheNext() {
        let header = header(expiresAt: 1000)
        #expect(RequestCheck.age(of: header, at: .milliseconds(999)) == nil)
        #expect(RequestCheck.age(of: header, at: .milliseconds(1000)) == nil)
        let expected = BusError(.expired, "read 1 ms after it expired")
        #expect(RequestCheck.age(of: header, at: .milliseconds(1001)) == expected)
    }

    @Test func aRequestThatNeverExpiresIsInvalid() {
        #expect(RequestCheck.age(of: header(expiresAt: nil), at: .zero)?.code == .invalid)
    }

    @Test func aPayloadMayBeAsLargeAsTheLimitAndNoLarger() {
        #expect(RequestCheck.size(ofPayload: BusLimits.payloadBytes, type: "a.b") == nil)
        #expect(RequestCheck.size(ofPayload: BusLimits.payloadBytes + 1, type: "a.b")?.code == .invalid)
    }
}
