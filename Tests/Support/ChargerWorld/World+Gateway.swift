import BusSchema
import GatewayCore
import OCPP
import OCPPCodec
import Primitives

/// The gateway's shell.
extension World {
    mutating func gatewayDeadline() {
        let moment = moment
        guard let effects = gateway?.deadlineReached(at: moment) else { return }
        performGateway(effects)
    }

    mutating func tell(_ event: GatewayEvent) {
        gatewayInputs.append(event)
        guard !busy[.gateway] else { return }
        performGateway([])
    }

    private mutating func performGateway(_ first: [GatewayEffect]) {
        touched.insert(.gateway)
        busy[.gateway] = true
        performAll(first)
        while gateway != nil, !gatewayInputs.isEmpty {
            let event = gatewayInputs.removeFirst()
            if !event.isMeterReading { note("gateway takes", event) }
            let moment = moment
            guard let effects = gateway?.handle(event, at: moment) else { break }
            performAll(effects)
        }
        gatewayInputs = []
        busy[.gateway] = false
    }

    private mutating func performAll(_ effects: [GatewayEffect]) {
        for effect in effects {
            guard gateway != nil else { return }
            if let failure = perform(effect) {
                // Before anything else that waits: the machine believes that the effect was done.
                gatewayInputs.insert(failure, at: 0)
                return
            }
        }
    }

    /// Returns the event to feed when the effect failed.
    private mutating func perform(_ effect: GatewayEffect) -> GatewayEvent? {
        switch effect {
        case .resolve(let dial): resolve(dial)
        case .connect(let dial, _): connect(dial)
        case .startHandshake(let dial): startHandshake(dial)
        case .sendPing: sendToCentral(.ping)
        case .closeLink(let dial): closeSocket(dial)
        case .abortLink(let dial): abortSocket(dial)
        case .sendCall(let id, let request): send(id, request)
        case .sendResult(let id, let confirmation):
            note("gateway answers", confirmation)
            auditAnswer(id, confirmation)
            sendToCentral(.text(MessageCodec.encodeResult(id: id, confirmation)))
        case .sendError(let id, let error):
            note("gateway refuses", error)
            sendToCentral(.text(MessageCodec.encodeError(id: id, error)))
        case .persist(let records, let durability): return persist(records, durability)
        case .loadQueue(let query): gatewayInputs.append(.charging(.queueLoaded(gatewayDisk.load(query))))
        case .compact(let compaction): gatewayDisk.compact(compaction)
        case .persistSnapshot(let snapshot):
            // Without it the next start asks the store; nothing depends on it.
            if write(of: .gateway) { gatewayDisk.snapshot = snapshot }
        case .requestPermit(let permit):
            auditPermit(permit)
            request(.permit(permit), within: .seconds(4))
        case .requestUnlock(let unlock): request(.unlock(unlock), within: .seconds(4))
        case .indicate(let indication): request(.indicate(indication), within: .seconds(4))
        case .declareKeys(let declaration): request(.declare(declaration), within: .seconds(4))
        case .store(let number, let set): request(.store(number: number, set, nil), within: .seconds(2))
        case .storeSecret(let number, let key, let secret):
            let set = ConfigSet(key: key, value: nil, secretFile: "inbox", reason: "ChangeConfiguration")
            request(.store(number: number, set, secret), within: .seconds(2))
        case .report(let report): request(.report(report), within: .seconds(4))
        case .publish(let message): publish(message, from: .gateway)
        case .resent: break
        case .log(let record): log("gateway", record)
        case .exit, .restart: end(.gateway, restartAfter: .seconds(1))
        }
        return nil
    }

    private mutating func send(_ id: String, _ request: OCPPRequest) {
        note("gateway calls", request)
        for problem in auditor.called(id, request, at: now) { violate(problem) }
        sendToCentral(.text(MessageCodec.encodeCall(id: id, request)))
    }

    private mutating func persist(_ records: [GatewayCore.JournalRecord], _ durability: Durability) -> GatewayEvent? {
        guard write(of: .gateway, { $0.store(records, durability) }) else {
            guard gateway != nil else { return nil }
            return .charging(.persistFailed(records, reason: "disk full"))
        }
        return nil
    }

    private mutating func store(_ records: [GatewayCore.JournalRecord], _ durability: Durability) {
        note("gateway stores", records)
        gatewayDisk.append(records, durability)
        for record in records {
            let connectorId = auditor.connector(of: record)
            let register = connectorId.map { registerWh($0) }
            for problem in auditor.stored(record, registerWh: register, at: now) { violate(problem) }
        }
        guard durability == .written else { return }
        queue.add(.flush(gateway: incarnations[.gateway]), at: now + .seconds(15))
    }

    // MARK: - Writes

    /// One write of a service, with whatever goes wrong at it. Returns whether it was done and the process lives.
    mutating func write(of service: Service, _ body: (inout World) -> Void = { _ in }) -> Bool {
        writes[service] += 1
        let number = writes[service]
        let fault = persistFaults.first { $0.service == service && $0.number == number }
        switch fault?.kind {
        case .diskFull(let count): failingWrites[service] = count
        case .kill(isWritten: false):
            kill(service)
            return false
        case .powerCut(isWritten: false, let duration):
            cutPower(for: duration)
            return false
        case .kill, .powerCut, nil: break
        }
        guard failingWrites[service] == 0, !diskIsFull else {
            note("world", "a write of \(service) fails")
            failingWrites[service] = max(failingWrites[service] - 1, 0)
            auditor.writeFailed(at: now)
            return false
        }
        body(&self)
        switch fault?.kind {
        case .kill: kill(service)
        case .powerCut(_, let duration): cutPower(for: duration)
        case .diskFull, nil: break
        }
        return isAlive(service)
    }

    mutating func log(_ who: StaticString, _ record: LogRecord) {
        note(who, record)
        // A fault is a bug of ours by definition.
        if record.level == .fault { violate("\(who) logs a fault: \(record)") }
    }
}

extension GatewayEvent {
    /// Too many to be interesting.
    fileprivate var isMeterReading: Bool {
        guard case .charging(.hardwareMeter) = self else { return false }
        return true
    }
}
