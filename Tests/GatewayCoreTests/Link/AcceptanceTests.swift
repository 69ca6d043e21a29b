import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// OCPP 1.6 §4.2.1: no charging before the first acceptance under the connection settings in force.
@Suite struct AcceptanceTests {
    private static let url = "ws://cs.example/CP1"

    private static func documents(acceptedAt url: String) -> Documents {
        var documents = Documents()
        let profile = ConnectionProfile(url: url, host: "cs.example", port: 80, identity: "CP1")
        documents.add(AnyDocument(RegistrationDocument(profile)))
        return documents
    }

    /// A card at a plugged connector, without a connection.
    private func present(_ bench: inout GatewayBench) {
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .c))))
        bench.read(energyWh: 1000)
        bench.feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: "CARD"))))
    }

    private func status(_ bench: GatewayBench, _ id: Int = 1) -> ConnectorStatus? {
        bench.machine.charging.publishedStatuses.first { $0.connectorId == id }
    }

    // Shows: CORE-BOOT-18
    @Test func whoWasNeverAcceptedChargesNobody() throws {
        var bench = try GatewayBench()
        bench.start()
        present(&bench)
        #expect(status(bench)?.status == "Unavailable")
        #expect(status(bench)?.explanation.contains("not accepted this charger yet") == true)
        #expect(status(bench, 0)?.status == "Unavailable")
        #expect(!bench.machine.charging.hasOpenTransaction)
    }

    // Shows: CORE-BOOT-18
    /// Under the same settings as now, whatever the connection is like today.
    @Test(arguments: [url, "ws://other.example/CP1", "ws://cs.example/CP2"])
    func whoWasAcceptedUnderTheseSettingsChargesOffline(acceptedAt: String) throws {
        var bench = try GatewayBench(documents: Self.documents(acceptedAt: acceptedAt))
        bench.start()
        present(&bench)
        #expect(bench.machine.charging.hasOpenTransaction == (acceptedAt == Self.url))
        #expect((status(bench)?.status == "Unavailable") == (acceptedAt != Self.url))
    }

    /// Versions before kept no document: a message that was answered shows that there was an acceptance, and with the settings of today until
    /// something else is known.
    @Test func anUpdateStrandsNoChargerThatHasDelivered() throws {
        var restored = TransactionLedger()
        restored.read(.delivered(.init(sequence: 3, transaction: "of before", isStop: true)))
        var bench = try GatewayBench(restored: restored)
        let document = try #require(Self.documents(acceptedAt: Self.url)[RegistrationDocument.self])
        #expect(bench.start().contains(.save(AnyDocument(document))))
        present(&bench)
        #expect(bench.machine.charging.hasOpenTransaction)
    }

    /// The address changed since: what was delivered says nothing of this one.
    @Test func whatWasDeliveredElsewhereProvesNothing() throws {
        var restored = TransactionLedger()
        restored.read(.delivered(.init(sequence: 3, transaction: "of before", isStop: true)))
        var bench = try GatewayBench(
            documents: Self.documents(acceptedAt: "ws://other.example/CP1"),
            restored: restored
        )
        let effects = bench.start()
        #expect(!effects.contains { if case .save = $0 { true } else { false } })
        present(&bench)
        #expect(!bench.machine.charging.hasOpenTransaction)
    }

    /// A document that the device cannot read is not replaced by a guess; whoever was accepted once is not stranded by it.
    @Test func aDocumentThatCannotBeReadIsNotReplacedByAGuess() throws {
        var documents = Documents()
        documents.setUnread(RegistrationDocument.self)
        var restored = TransactionLedger()
        restored.read(.delivered(.init(sequence: 3, transaction: "of before", isStop: true)))
        var bench = try GatewayBench(documents: documents, restored: restored)
        let effects = bench.start()
        #expect(!effects.contains { if case .save = $0 { true } else { false } })
        present(&bench)
        #expect(bench.machine.charging.hasOpenTransaction)
    }

    // Shows: CORE-AUTH-33
    /// OCPP 1.6 §3.5: a connection alone is not online; nobody is asked, and the rules for offline decide.
    @Test(arguments: [RegistrationStatus.pending, .rejected])
    func whoIsConnectedAndNotAcceptedTodayIsOffline(answer: RegistrationStatus) throws {
        var bench = try GatewayBench(documents: Self.documents(acceptedAt: Self.url))
        bench.start()
        bench.connect()
        bench.answerBoot(answer)
        present(&bench)
        #expect(bench.machine.charging.hasOpenTransaction)
        #expect(bench.calls.isEmpty)
    }

    /// An acceptance is no guess. Where what cannot be read stayed, the next change of the address would count as accepted for ever.
    @Test func anAcceptanceReplacesADocumentThatCannotBeRead() throws {
        var documents = Documents()
        documents.setUnread(RegistrationDocument.self)
        var restored = TransactionLedger()
        restored.read(.delivered(.init(sequence: 3, transaction: "of before", isStop: true)))
        var bench = try GatewayBench(documents: documents, restored: restored)
        bench.start()
        bench.connect()
        let effects = bench.answerBoot(.accepted)
        let kept = try #require(Self.documents(acceptedAt: Self.url)[RegistrationDocument.self])
        #expect(effects.contains(.save(AnyDocument(kept))))
        bench.feed(.saved(document: RegistrationDocument.name))
        let again = bench.advance(.seconds(3600))
        #expect(!again.contains { if case .save = $0 { true } else { false } })
    }

    @Test func theFirstAcceptanceBringsTheChargerIntoServiceAndIsKept() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        let pending = bench.answerBoot(.pending)
        #expect(status(bench)?.status == "Unavailable")
        #expect(!pending.contains { if case .save = $0 { true } else { false } })
        bench.advance(.seconds(61))
        let effects = bench.answerBoot(.accepted)
        let kept = Self.documents(acceptedAt: Self.url)[RegistrationDocument.self]
        #expect(effects.contains(.save(AnyDocument(try #require(kept)))))
        #expect(status(bench)?.status == "Available")
        #expect(status(bench, 0)?.status == "Available")
        // What the central system is told of statuses is what holds after it.
        let first = bench.calls.compactMap { call -> ChargePointStatus? in
            if case .statusNotification(let request) = call.request { request.status } else { nil }
        }
        #expect(first.allSatisfy { $0 == .available })
    }

    @Test func anAcceptanceThatIsKnownCostsNoWrite() throws {
        var bench = try GatewayBench(documents: Self.documents(acceptedAt: Self.url))
        bench.start()
        bench.connect()
        let effects = bench.answerBoot(.accepted)
        #expect(!effects.contains { if case .save = $0 { true } else { false } })
    }

    @Test func aDiskThatRefusesIsTriedAgain() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        bench.answerBoot(.accepted)
        bench.feed(.saveFailed(document: RegistrationDocument.name, reason: "no space"))
        #expect(status(bench)?.status == "Available")
        let early = bench.advance(.seconds(59))
        #expect(!early.contains { if case .save = $0 { true } else { false } })
        let again = bench.advance(.seconds(1))
        #expect(again.contains { if case .save = $0 { true } else { false } })
        bench.feed(.saved(document: RegistrationDocument.name))
        let later = bench.advance(.seconds(3600))
        #expect(!later.contains { if case .save = $0 { true } else { false } })
    }
}
