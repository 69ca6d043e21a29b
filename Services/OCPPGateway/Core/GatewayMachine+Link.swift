import BusSchema
import OCPP
import Primitives

/// What the machines' effects mean for each other and for the shell.
extension GatewayMachine {
    // MARK: - Connection

    mutating func obey(link orders: [ConnectionMachine.Effect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .resolve(let dial): turn.add(.resolve(dial: dial))
            case .connect(let dial, let address): turn.add(.connect(dial: dial, address: address))
            case .secure(let dial):
                turn.add(.secureLink(dial: dial, time: clock.knownTime(at: turn.moment)))
            case .startHandshake(let dial): turn.add(.startHandshake(dial: dial))
            case .sendPing: turn.add(.sendPing)
            case .close(let dial): turn.add(.closeLink(dial: dial))
            case .abort(let dial): turn.add(.abortLink(dial: dial))
            case .leaveWayOpen: turn.add(.leaveWayOpen)
            case .opened: turn.log(.notice, "connected to the central system")
            case .lost: lost(&turn)
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    private mutating func lost(_ turn: inout GatewayTurn) {
        if let call = calls.connectionLost() { finish(call, .connectionLost, &turn) }
    }

    private var reach: CentralSystemReach {
        guard connection.isOpen else { return .offline }
        return switch registration.status {
        case .accepted: .online
        case nil: .registering
        case .pending, .rejected: .offline
        }
    }

    /// Tells charging and heartbeat when the way to the central system opens or closes.
    mutating func updateOnline(_ turn: inout GatewayTurn) {
        let before = told.reach
        told.reach = reach
        if told.reach == before { return }
        if before == .online { leaveOnline(&turn) }
        switch told.reach {
        case .online:
            // A registration from before proves nothing about this connection; its first message will.
            if told.hasJustRegistered { obey(link: connection.handle(.accepted, at: turn.moment), &turn) }
            heartbeat.wentOnline(at: turn.moment)
            perform(charging.handle(.wentOnline(registered: told.hasJustRegistered), at: turn.moment), &turn)
            told.hasJustRegistered = false
        case .registering: perform(charging.handle(.beganRegistering, at: turn.moment), &turn)
        case .offline: perform(charging.handle(.wentOffline, at: turn.moment), &turn)
        }
    }

    private mutating func leaveOnline(_ turn: inout GatewayTurn) {
        heartbeat.wentOffline()
        _ = FeatureProfiles.first(of: &self) { profile, machine in
            profile.wentOffline(&machine, &turn)
            return false
        }
    }

    // MARK: - Registration

    mutating func obey(registration orders: [RegistrationMachine.Effect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .accepted(let seconds):
                told.hasJustRegistered = true
                accepted(&turn)
                if let seconds { obey(configuration: configuration.setHeartbeatInterval(seconds: seconds), &turn) }
            case .notAccepted: break  // The view shows it.
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    /// The first time, the connectors come into service; what becomes of the save matters to a later start only.
    private mutating func accepted(_ turn: inout GatewayTurn) {
        guard let document = registration.acceptance.accepted() else { return }
        turn.add(.save(AnyDocument(document)))
        perform(charging.setReason(.registration, on: 0, false, at: turn.moment), &turn)
    }

    // MARK: - Configuration

    mutating func obey(configuration orders: [ConfigurationMachine.Effect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .declare(let request): turn.add(.declareKeys(request))
            case .store(let number, let request): turn.add(.store(number: number, request))
            case .storeSecret(let number, let key, let secret):
                turn.add(.storeSecret(number: number, key: key, secret))
            case .answer(let callId, let confirmation): turn.answer(callId, .changeConfiguration(confirmation))
            case .refuse(let callId, let error): turn.refuse(callId, error)
            case .answerRead(let callId, .success(let confirmation)):
                turn.answer(callId, .getConfiguration(confirmation))
            case .answerRead(let callId, .failure(let error)): turn.refuse(callId, error)
            case .changed(let keys):
                heartbeat.setInterval(keys.heartbeatInterval)
                connection.setPingInterval(keys.webSocketPingInterval, at: turn.moment)
                perform(charging.handle(.keysChanged(keys), at: turn.moment), &turn)
            case .credentialsConfirmed: turn.add(.passwordWasSet)
            case .credentialsChanged:
                turn.add(.passwordWasSet)
                obey(link: connection.handle(.reconnectRequested, at: turn.moment), &turn)
            case .persistSnapshot(let snapshot): turn.add(.save(AnyDocument(snapshot)))
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    // MARK: - Charging

    /// Puts what charging orders into its places of the turn.
    mutating func perform(_ orders: [ChargingEffect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .persist(let records, let durability): turn.persist(records, durability)
            case .loadQueue(let query): turn.add(.loadQueue(query))
            case .compact(let compaction): turn.add(.compact(compaction))
            case .requestPermit(let permit) where !permit.granted: turn.cutEnergy(permit)
            case .requestPermit(let permit): turn.add(.requestPermit(permit))
            case .requestLock(let lock): turn.add(.requestLock(lock))
            case .requestUnlock(let unlock): turn.add(.requestUnlock(unlock))
            case .indicate(let indication): turn.add(.indicate(indication))
            case .confirmUnlock(let id, let confirmation): turn.answer(id, .unlockConnector(confirmation))
            case .confirmAvailability(let id, let confirmation): turn.answer(id, .changeAvailability(confirmation))
            case .confirmClearCache(let id, let confirmation): turn.answer(id, .clearCache(confirmation))
            case .save(let document): turn.add(.save(document))
            case .publish(let message):
                told.view.note(message)
                turn.add(.publish(message))
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    // MARK: - Reset (OCPP 1.6 §5.14)

    /// The answer says that it will be tried; the transactions end after it.
    mutating func reset(_ type: ResetType, _ turn: inout GatewayTurn) {
        let newest = charging.book.ledger.lastSequence
        guard resetting.begin(type, boot: settings.charging.machineBootId, sequence: newest, at: turn.moment) else {
            return
        }
        turn.log(.notice, "reset", .init("type", type.rawValue))
        stopAll(for: type, &turn)
    }

    /// A process of this boot died in the middle of one.
    mutating func resumeReset(_ turn: inout GatewayTurn) {
        let boot = settings.charging.machineBootId
        let newest = charging.book.ledger.open.values.map(\.began.sequence).max()
        told.reset.wasRead()
        guard let type = resetting.resume(told.reset.document, boot: boot, newestBegin: newest) else { return }
        turn.log(.notice, "the reset goes on", .init("type", type.rawValue))
        stopAll(for: type, &turn)
    }

    mutating func resetDocumentSaved(_ isSaved: Bool, _ turn: inout GatewayTurn) {
        if isSaved { told.reset.saved() } else { told.reset.saveFailed(at: turn.uptime) }
        let retries = keys.core.resetRetries
        if let step = resetting.documentSaved(isSaved, retries: retries, at: turn.moment) { take(step, &turn) }
    }

    private mutating func stopAll(for type: ResetType, _ turn: inout GatewayTurn) {
        let reason: Reason = type == .soft ? .softReset : .hardReset
        perform(charging.stopAll(reason: reason, at: turn.moment), &turn)
    }

    mutating func hardwareRestartAnswered(_ answer: Result<Done, BusError>, _ turn: inout GatewayTurn) {
        let problem: String? =
            switch answer {
            case .success: nil
            case .failure(let error): "hardware-io does not start anew: \(error.message)"
            }
        let retries = keys.core.resetRetries
        if let step = resetting.hardwareAnswered(problem, retries: retries, at: turn.moment) { take(step, &turn) }
    }

    mutating func machineBootFailed(_ reason: String, _ turn: inout GatewayTurn) {
        let retries = keys.core.resetRetries
        if let step = resetting.machineBootFailed(reason, retries: retries, at: turn.moment) { take(step, &turn) }
    }

    /// Winds up after a Reset once everything is said, or its time is over; not for a program that is asked to end, which is the end of a
    /// reset. How far it is goes to disk.
    mutating func settleReset(_ turn: inout GatewayTurn) {
        if !told.isAskedToEnd, resetting.isUnderWay {
            while let step = resetting.next(circumstances(turn), at: turn.moment) { take(step, &turn) }
        }
        guard let document = told.reset.keep(resetting.document, at: turn.uptime) else { return }
        turn.add(.save(AnyDocument(document)))
    }

    private func circumstances(_ turn: GatewayTurn) -> ResetMachine.Circumstances {
        let owesNoAnswer = !incoming.isOpen(besides: turn.answered)
        return ResetMachine.Circumstances(
            everythingSaid: calls.isFree && owesNoAnswer && !charging.hasOpenTransaction && charging.undelivered == 0,
            endsAreKept: charging.endsAreKept,
            isOnDisk: told.reset.saysUnderWay,
            retries: keys.core.resetRetries,
            bootsMachine: settings.hardResetBootsMachine
        )
    }

    private mutating func take(_ step: ResetMachine.Step, _ turn: inout GatewayTurn) {
        switch step {
        case .restartHardware: turn.add(.restartHardware)
        case .bootMachine:
            turn.log(.notice, "the machine is asked to boot")
            turn.add(.bootMachine)
        case .restart:
            perform(charging.handle(.terminationRequested, at: turn.moment), &turn)
            obey(link: connection.handle(.terminationRequested, at: turn.moment), &turn)
        case .tryAgain(let attempts, let reason):
            turn.log(
                .warning,
                "the reset failed and is tried again",
                .init("attempts", attempts),
                .init("reason", reason)
            )
        case .giveUp(let reason):
            turn.log(.error, "the reset failed", .init("reason", reason))
            perform(charging.resetFailed(because: reason, at: turn.moment), &turn)
        }
    }
}
