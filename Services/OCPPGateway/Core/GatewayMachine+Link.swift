import BusSchema
import OCPP
import Primitives

/// What the machines' effects mean for each other and for the shell.
extension GatewayMachine {
    // MARK: - Connection

    mutating func perform(
        _ orders: [ConnectionMachine.Effect],
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        for order in orders {
            switch order {
            case .resolve(let dial): effects.append(.resolve(dial: dial))
            case .connect(let dial, let address): effects.append(.connect(dial: dial, address: address))
            case .startHandshake(let dial): effects.append(.startHandshake(dial: dial))
            case .sendPing: effects.append(.sendPing)
            case .close(let dial): effects.append(.closeLink(dial: dial))
            case .abort(let dial): effects.append(.abortLink(dial: dial))
            case .opened: effects.append(.log(LogRecord(.notice, "connected to the central system")))
            case .lost: lost(at: moment, &effects)
            case .log(let record): effects.append(.log(record))
            }
        }
    }

    private mutating func lost(at moment: Moment, _ effects: inout [GatewayEffect]) {
        // Answers belong to the connection that brought the question.
        incoming.removeAll()
        if let call = calls.connectionLost() { finish(call, .connectionLost, at: moment, &effects) }
    }

    /// Tells charging and heartbeat when the way to the central system opens or closes.
    mutating func updateOnline(at moment: Moment, _ effects: inout [GatewayEffect]) {
        let isNowOnline = connection.isOpen && registration.gate == .open
        if isNowOnline == isOnline { return }
        isOnline = isNowOnline
        if isNowOnline {
            // A registration from before proves nothing about this connection; its first message will.
            if hasJustRegistered { perform(connection.handle(.accepted, at: moment), at: moment, &effects) }
            heartbeat.wentOnline(at: moment)
            perform(charging.handle(.wentOnline(registered: hasJustRegistered), at: moment), &effects)
            hasJustRegistered = false
        } else {
            heartbeat.wentOffline()
            perform(charging.handle(.wentOffline, at: moment), &effects)
        }
    }

    // MARK: - CALLs of ours

    mutating func finish(
        _ call: CallMachine.Outstanding,
        _ outcome: CallOutcome,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        observeTime(outcome, sentAt: call.sentAt, at: moment, &effects)
        switch call.key {
        case .bootNotification:
            perform(registration.callFinished(outcome, at: moment), at: moment, &effects)
        case .heartbeat:
            heartbeat.callFinished(at: moment)
            if case .refused(let error) = outcome {
                effects.append(.log(LogRecord(.warning, "Heartbeat was refused", .init("code", error.code.rawValue))))
            }
        case .authorize, .status, .delivery, .dataTransfer:
            perform(charging.callFinished(call.key, outcome, at: moment), &effects)
        }
    }

    private mutating func observeTime(
        _ outcome: CallOutcome,
        sentAt: Moment,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        let time: Timestamp
        switch outcome {
        case .confirmed(.bootNotification(let confirmation)): time = confirmation.currentTime
        case .confirmed(.heartbeat(let confirmation)): time = confirmation.currentTime
        case .confirmed, .refused, .timedOut, .connectionLost: return
        }
        guard let offset = clock.observe(time, sentUptime: sentAt.uptime, at: moment) else {
            effects.append(.log(LogRecord(.warning, "the central system's time is not plausible", .init("time", time))))
            return
        }
        perform(charging.handle(.clockSynchronised(offset: offset), at: moment), &effects)
    }

    private mutating func perform(
        _ orders: [RegistrationMachine.Effect],
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        for order in orders {
            switch order {
            case .accepted(let seconds):
                hasJustRegistered = true
                if let seconds { perform(keyring.setHeartbeatInterval(seconds: seconds), at: moment, &effects) }
            case .notAccepted: break  // The view shows it.
            case .log(let record): effects.append(.log(record))
            }
        }
    }

    // MARK: - Configuration

    mutating func perform(
        _ orders: [ConfigurationMachine.Effect],
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        for order in orders {
            switch order {
            case .declare(let request): effects.append(.declareKeys(request))
            case .store(let number, let request): effects.append(.store(number: number, request))
            case .storeSecret(let number, let key, let secret):
                effects.append(.storeSecret(number: number, key: key, secret))
            case .answer(let callId, let confirmation):
                answer(callId, .changeConfiguration(confirmation), at: moment, &effects)
            case .changed(let keys):
                heartbeat.setInterval(keys.heartbeatInterval)
                connection.setPingInterval(keys.webSocketPingInterval, at: moment)
                perform(charging.handle(.keysChanged(keys), at: moment), &effects)
            case .credentialsChanged:
                perform(connection.handle(.reconnectRequested, at: moment), at: moment, &effects)
            case .persistSnapshot(let snapshot): effects.append(.persistSnapshot(snapshot))
            case .log(let record): effects.append(.log(record))
            }
        }
    }

    // MARK: - Charging

    mutating func perform(_ orders: [ChargingEffect], _ effects: inout [GatewayEffect]) {
        for order in orders {
            switch order {
            case .persist(let records, let durability): effects.append(.persist(records, durability))
            case .loadQueue(let query): effects.append(.loadQueue(query))
            case .compact(let compaction): effects.append(.compact(compaction))
            case .requestPermit(let permit): effects.append(.requestPermit(permit))
            case .requestUnlock(let unlock): effects.append(.requestUnlock(unlock))
            case .indicate(let indication): effects.append(.indicate(indication))
            case .confirmUnlock(let id, let confirmation):
                if incoming.finish(id) { effects.append(.sendResult(id: id, .unlockConnector(confirmation))) }
            case .publish(let message):
                view.note(message)
                effects.append(.publish(message))
            case .log(let record): effects.append(.log(record))
            }
        }
    }
}
